#include "evaluators/providers/batch_api.h"

#include <fmt/format.h>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/providers/http_faults.h"
#include "evaluators/providers/redact.h"

namespace llmops {
namespace {

constexpr std::size_t kLargestFile = std::size_t{4} << 30;  // answers of 50,000 long requests

HttpRequest request_to(const BatchApi& api, std::string_view method, std::string url,
                       std::string_view content_type, std::string body) {
  std::vector<std::string> lines = api.headers;
  if (!content_type.empty()) lines.push_back(fmt::format("Content-Type: {}", content_type));
  lines.emplace_back("Expect:");
  HttpRequest request;
  request.method = method;
  request.url = std::move(url);
  if (!api.query.empty())
    request.url +=
        request.url.find('?') == std::string::npos ? api.query : "&" + api.query.substr(1);
  request.headers = std::make_shared<const HttpHeaders>(lines);
  request.body = std::move(body);
  request.most_bytes = kLargestFile;
  return request;
}

std::string text_of(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr || !found->is_string() ? "" : *found->string();
}

std::int64_t count_of(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  const bool whole =
      found != nullptr && found->is_number() && found->number() >= 0 && found->number() < 1e15;
  return whole ? static_cast<std::int64_t>(found->number()) : 0;
}

BatchState state_of(const Value& document) {
  BatchState state;
  state.id = text_of(document, "id");
  state.status = text_of(document, "status");
  state.output_file = text_of(document, "output_file_id");
  state.error_file = text_of(document, "error_file_id");
  if (const Value* counts = document.find("request_counts")) {
    state.done = count_of(*counts, "completed");
    state.failed = count_of(*counts, "failed");
  }
  if (const Value* metadata = document.find("metadata"); metadata != nullptr && metadata->object())
    state.metadata = *metadata->object();
  // {"object": "list", "data": [{"code", "message", "line"}]}
  const Value* errors = find_path(document, "errors.data");
  if (errors != nullptr && errors->list() != nullptr && !errors->list()->empty())
    state.problem = text_of(errors->list()->front(), "message");
  return state;
}

// A name in a URL's path: ids of servers are untrusted.
std::string path_part(std::string_view id) {
  std::string out;
  for (const char c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string batch_line(const BatchApi& api, std::string_view custom_id, std::string_view body) {
  std::string line = "{\"custom_id\":";
  dump_json_string(custom_id, line);
  line += ",\"method\":\"POST\",\"url\":";
  dump_json_string(api.endpoint, line);
  line += ",\"body\":";
  line += body;
  line += "}\n";
  return line;
}

HttpRequest upload_batch_file(const BatchApi& api, std::string_view name, std::string_view lines) {
  // The boundary must not stand in the content: JSON holds no line of this form.
  const std::string boundary = "llmops-" + sha256(lines).substr(0, 32);
  std::string body;
  body.reserve(lines.size() + 512);
  body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n",
                      boundary);
  body += fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n"
      "Content-Type: application/jsonl\r\n\r\n",
      boundary, name);
  body += lines;
  body += fmt::format("\r\n--{}--\r\n", boundary);
  return request_to(api, "POST", api.base_url + "/files",
                    "multipart/form-data; boundary=" + boundary, std::move(body));
}

HttpRequest create_batch(const BatchApi& api, std::string_view file_id, const Object& metadata) {
  return request_to(api, "POST", api.base_url + "/batches", "application/json",
                    dump_json(Object{
                        {"input_file_id",     file_id     },
                        {"endpoint",          api.endpoint},
                        {"completion_window", "24h"       },
                        {"metadata",          metadata    }
  }));
}

HttpRequest batch_state(const BatchApi& api, std::string_view batch_id) {
  return request_to(api, "GET", fmt::format("{}/batches/{}", api.base_url, path_part(batch_id)), "",
                    "");
}

HttpRequest list_batches(const BatchApi& api, std::string_view after) {
  std::string url = api.base_url + "/batches?limit=100";
  if (!after.empty()) url += "&after=" + path_part(after);
  return request_to(api, "GET", std::move(url), "", "");
}

HttpRequest batch_file(const BatchApi& api, std::string_view file_id) {
  return request_to(api, "GET",
                    fmt::format("{}/files/{}/content", api.base_url, path_part(file_id)), "", "");
}

Result<std::string> id_of(std::string_view document) {
  const Result<Value> parsed = parse_json(document, "answer");
  if (!parsed) return parsed.problems();
  std::string id = text_of(*parsed, "id");
  if (id.empty()) return problem("the answer has no `id`");
  return id;
}

bool BatchState::ended() const {
  return status == "completed" || status == "failed" || status == "expired" ||
         status == "cancelled";
}

Result<BatchState> read_batch_state(std::string_view document) {
  const Result<Value> parsed = parse_json(document, "answer");
  if (!parsed) return parsed.problems();
  BatchState state = state_of(*parsed);
  if (state.id.empty() || state.status.empty())
    return problem("the answer is no batch: it has no `id` or no `status`");
  return state;
}

Result<BatchPage> read_batch_page(std::string_view document) {
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

Result<BatchAnswer> read_batch_answer(const BatchApi& api, std::string_view line) {
  const Result<Value> parsed = parse_json(line, "answers");
  if (!parsed) return parsed.problems();
  BatchAnswer answer;
  answer.custom_id = text_of(*parsed, "custom_id");
  if (answer.custom_id.empty()) return problem("a line of the answers has no `custom_id`");
  Sample& sample = answer.sample;
  const Value* response = parsed->find("response");
  const Value* body = response == nullptr ? nullptr : response->find("body");
  if (const Value* error = parsed->find("error"); error != nullptr && !error->is_null()) {
    // The request was never carried out: the batch's time was over, or it was cancelled.
    const std::string code = text_of(*error, "code"), message = text_of(*error, "message");
    sample.error = {code == "batch_expired"     ? ErrorClass::timeout_total
                    : code == "batch_cancelled" ? ErrorClass::cancelled
                                                : ErrorClass::other,
                    fmt::format("the batch did not carry it out ({}): {}", code, message)};
  } else if (body == nullptr) {
    sample.error = {ErrorClass::bad_json, "the line of the answer has no `response.body`"};
  } else {
    HttpHead head;
    head.status = static_cast<int>(count_of(*response, "status_code"));
    const std::string document = body->is_string() ? *body->string() : dump_json(*body);
    if (head.status < 200 || head.status >= 300) {
      sample.error = http_fault(head, document);
    } else {
      const std::unique_ptr<AnswerReader> reader = api.read();
      reader->on_document(document);
      if (reader->fault())
        sample.error = reader->fault();
      else if (!reader->has_answer())
        sample.error = {ErrorClass::empty_choices, "the answer is empty"};
      reader->move_into(sample);
    }
  }
  redact(sample, api.secret);
  return answer;
}

}  // namespace llmops
