#include "evaluators/providers/batch_api.h"

#include <fmt/format.h>

#include "datasets/text/json.h"
#include "evaluators/providers/redact.h"

namespace llmops {

HttpRequest BatchApi::request(std::string_view method, std::string_view path,
                              std::string_view content_type, std::string body) const {
  constexpr std::size_t kLargestFile = std::size_t{4} << 30;  // answers of 50,000 long requests
  std::vector<std::string> lines = access_.headers;
  if (!content_type.empty()) lines.push_back(fmt::format("Content-Type: {}", content_type));
  lines.emplace_back("Expect:");
  HttpRequest made;
  made.method = method;
  made.url = fmt::format("{}{}", access_.base_url, path);
  if (!access_.query.empty())
    made.url +=
        made.url.find('?') == std::string::npos ? access_.query : "&" + access_.query.substr(1);
  made.headers = std::make_shared<const HttpHeaders>(lines);
  made.body = std::move(body);
  made.most_bytes = kLargestFile;
  return made;
}

void BatchApi::read_document(std::string_view document, Sample& sample) const {
  const std::unique_ptr<AnswerReader> reader = access_.read();
  reader->on_document(document);
  if (reader->fault())
    sample.error = reader->fault();
  else if (!reader->has_answer())
    sample.error = {ErrorClass::empty_choices, "the answer is empty"};
  reader->move_into(sample);
}

Result<BatchState> BatchApi::read_state(std::string_view document) const {
  const Result<Value> parsed = parse_json(document, "answer");
  if (!parsed) return parsed.problems();
  BatchState state = state_of(*parsed);
  if (state.id.empty() || state.status.empty())
    return problem("the answer is no batch: it has no `id` or no status");
  return state;
}

Result<BatchPage> BatchApi::read_page(std::string_view document) const {
  const Result<Value> parsed = parse_json(document, "answer");
  if (!parsed) return parsed.problems();
  const Value* data = parsed->find("data");
  if (data == nullptr || data->list() == nullptr)
    return problem("the answer is no list of batches");
  BatchPage page;
  for (const Value& each : *data->list()) page.batches.push_back(state_of(each));
  const Value* more = parsed->find("has_more");
  if (more != nullptr && more->boolean() != nullptr && *more->boolean() && !page.batches.empty())
    page.after = page.batches.back().id;
  return page;
}

Result<BatchAnswer> BatchApi::read_answer(std::string_view line) const {
  const Result<Value> parsed = parse_json(line, "answers");
  if (!parsed) return parsed.problems();
  BatchAnswer answer;
  answer.custom_id = batch_text(*parsed, "custom_id");
  if (answer.custom_id.empty()) return problem("a line of the answers has no `custom_id`");
  read_result(*parsed, answer.sample);
  redact(answer.sample, access_.secret);
  return answer;
}

Result<std::string> id_of(std::string_view document) {
  const Result<Value> parsed = parse_json(document, "answer");
  if (!parsed) return parsed.problems();
  std::string id = batch_text(*parsed, "id");
  if (id.empty()) return problem("the answer has no `id`");
  return id;
}

std::string batch_text(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr || !found->is_string() ? "" : *found->string();
}

std::int64_t batch_count(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  const bool whole =
      found != nullptr && found->is_number() && found->number() >= 0 && found->number() < 1e15;
  return whole ? static_cast<std::int64_t>(found->number()) : 0;
}

std::string path_part(std::string_view id) {
  std::string out;
  for (const char c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace llmops
