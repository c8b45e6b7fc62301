#include "tests/support/fake_batches.h"

#include <fmt/format.h>

#include "datasets/text/json.h"

namespace llmops::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The `file` part of a multipart body.
std::string uploaded(const std::string& body) {
  const std::size_t part = body.find("name=\"file\"");
  const std::size_t start = body.find("\r\n\r\n", part) + 4;
  return body.substr(start, body.find("\r\n--", start) - start);
}

std::size_t number_in(const std::string& path, std::string_view behind) {
  return std::stoul(path.substr(path.find(behind) + behind.size()));
}

}  // namespace

std::string FakeBatches::state(std::size_t number) {
  Batch& batch = batches_.at(number);
  const bool over = batch.looks > looks;
  std::string status = over ? end : "in_progress";
  std::string more;
  if (!refusal.empty()) {
    status = "failed";
    more = fmt::format(R"(,"errors":{{"object":"list","data":[{{"code":"x","message":"{}"}}]}})",
                       refusal);
  } else if (over) {
    more = fmt::format(R"(,"output_file_id":"out_{0}","error_file_id":"err_{0}")", number);
  }
  return fmt::format(R"({{"id":"batch_{}","object":"batch","status":"{}","metadata":{},)"
                     R"("request_counts":{{"total":1,"completed":0,"failed":0}}{}}})",
                     number, status, batch.metadata, more);
}

std::string FakeBatches::answers(const std::string& file, bool failed) {
  std::string out;
  const std::vector<std::string> lines = lines_of(file);
  for (std::size_t i = 0; i + unanswered < lines.size(); ++i) {
    const Result<Value> line = parse_json(lines[i], "upload");
    const auto [status, document] = answer_(dump_json(*line->find("body")));
    if ((status >= 300) != failed) continue;
    out += fmt::format(
        R"({{"id":"r{}","custom_id":{},"response":{{"status_code":{},"request_id":"q","body":{}}},"error":null}})",
        i, dump_json(*line->find("custom_id")), status, document);
    out += '\n';
  }
  return out;
}

Reply FakeBatches::reply(const Received& request) {
  const std::string& path = request.path;
  if (path == "/v1/files" && request.method == "POST") {
    files_.push_back(uploaded(request.body));
    return answer(200, fmt::format(R"({{"id":"file_{}","object":"file"}})", files_.size() - 1));
  }
  if (path == "/v1/batches" && request.method == "POST") {
    const Result<Value> body = parse_json(request.body, "batch");
    batches_.push_back({to_text(*body->find("input_file_id")), dump_json(*body->find("metadata"))});
    // A batch is paid for, a file that was uploaded alone is not.
    for (const std::string& line : lines_of(files_.at(number_in(batches_.back().file, "file_"))))
      ++asked_[to_text(*parse_json(line, "upload")->find("custom_id"))];
    return answer(200, state(batches_.size() - 1));
  }
  if (path.starts_with("/v1/batches?")) {
    std::string list;
    for (std::size_t i = batches_.size(); i-- > 0;) list += (list.empty() ? "" : ",") + state(i);
    return answer(200, fmt::format(R"({{"object":"list","data":[{}],"has_more":false}})", list));
  }
  if (path.starts_with("/v1/batches/batch_")) {
    const std::size_t number = number_in(path, "batch_");
    if (number >= batches_.size()) return answer(404, "{}");
    ++batches_[number].looks;
    return answer(200, state(number));
  }
  if (path.starts_with("/v1/files/")) {
    ++fetched_;
    const bool failed = path.find("err_") != std::string::npos;
    const Batch& batch = batches_.at(number_in(path, failed ? "err_" : "out_"));
    return answer(200, answers(files_.at(number_in(batch.file, "file_")), failed), {},
                  "application/octet-stream");
  }
  return nullptr;
}

std::string FakeMessageBatches::state(std::size_t number) const {
  const Batch& batch = batches_.at(number);
  const bool over = batch.looks > looks;
  return fmt::format(
      R"({{"id":"msgbatch_{}","type":"message_batch","processing_status":"{}","request_counts":)"
      R"({{"processing":{},"succeeded":{},"errored":0,"canceled":0,"expired":0}},)"
      R"("results_url":"http://127.0.0.1:1/elsewhere"}})",
      number, over ? "ended" : "in_progress", over ? 0 : batch.requests.size(),
      over ? batch.requests.size() : 0);
}

Reply FakeMessageBatches::reply(const Received& request) {
  const std::string kPath = "/v1/messages/batches";
  const std::string& path = request.path;
  if (path == kPath && request.method == "POST") {
    const llmops::Result<Value> body = parse_json(request.body, "batch");
    Batch batch;
    for (const Value& each : *body->find("requests")->list()) {
      batch.requests.emplace_back(to_text(*each.find("custom_id")),
                                  dump_json(*each.find("params")));
      ++asked_[batch.requests.back().first];
    }
    batches_.push_back(std::move(batch));
    return answer(200, state(batches_.size() - 1));
  }
  if (path.starts_with(kPath + "?")) {
    std::string list;
    for (std::size_t i = batches_.size(); i-- > 0;) list += (list.empty() ? "" : ",") + state(i);
    return answer(200, fmt::format(R"({{"data":[{}],"has_more":false}})", list));
  }
  if (!path.starts_with(kPath + "/msgbatch_")) return nullptr;
  const std::size_t number = number_in(path, "/msgbatch_");
  if (number >= batches_.size()) return answer(404, "{}");
  if (!path.ends_with("/results")) {
    ++batches_[number].looks;
    return answer(200, state(number));
  }
  std::string out;
  const auto& requests = batches_[number].requests;
  for (auto each = requests.rbegin(); each != requests.rend(); ++each)
    out +=
        fmt::format("{{\"custom_id\":\"{}\",\"result\":{}}}\n", each->first, result_(each->second));
  return answer(200, out, {}, "application/x-jsonl");
}

}  // namespace llmops::test
