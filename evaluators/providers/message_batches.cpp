// Anthropic's message batches: the requests are sent with the batch, and its answers are a document
// of JSON lines. A batch has no metadata: which run it belongs to is told by its custom ids alone.
#include <fmt/format.h>

#include "datasets/text/json.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/providers/http_faults.h"

namespace llmops {
namespace {

constexpr std::string_view kPath = "/messages/batches";

class MessageBatches final : public BatchApi {
 public:
  explicit MessageBatches(Access access) : BatchApi(std::move(access)) {}

  std::size_t most_requests() const override { return 100'000; }
  std::size_t most_bytes() const override { return std::size_t{250} << 20; }  // of 256 MB
  bool keeps_marks() const override { return false; }

  void add(std::string& batch, std::string_view custom_id, std::string_view body) const override {
    if (!batch.empty()) batch += ',';
    batch += "{\"custom_id\":";
    dump_json_string(custom_id, batch);
    batch += ",\"params\":";
    batch += body;
    batch += '}';
  }

  std::optional<HttpRequest> upload(std::string_view, std::string_view) const override {
    return std::nullopt;
  }

  HttpRequest create(std::string_view, std::string_view batch, std::string_view) const override {
    return request("POST", kPath, "application/json", fmt::format("{{\"requests\":[{}]}}", batch));
  }

  HttpRequest state(std::string_view batch_id) const override {
    return request("GET", fmt::format("{}/{}", kPath, path_part(batch_id)));
  }

  HttpRequest list(std::string_view after) const override {
    return request("GET", after.empty()
                              ? fmt::format("{}?limit=100", kPath)
                              : fmt::format("{}?limit=100&after_id={}", kPath, path_part(after)));
  }

  // Not from `results_url`: the key goes to no address that an answer names.
  std::vector<HttpRequest> answers(const BatchState& batch) const override {
    std::vector<HttpRequest> one;
    one.push_back(request("GET", fmt::format("{}/{}/results", kPath, path_part(batch.id))));
    return one;
  }

 protected:
  BatchState state_of(const Value& document) const override {
    BatchState state;
    state.id = batch_text(document, "id");
    state.status = batch_text(document, "processing_status");
    state.ended = state.status == "ended";
    if (const Value* counts = document.find("request_counts")) {
      for (const char* key : {"processing", "succeeded", "errored", "canceled", "expired"})
        state.requests += batch_count(*counts, key);
      state.expired = batch_count(*counts, "expired") > 0;
    }
    return state;
  }

  void read_result(const Value& line, Sample& sample) const override {
    const Value* result = line.find("result");
    const std::string type = result == nullptr ? "" : batch_text(*result, "type");
    if (const Value* message = result == nullptr ? nullptr : result->find("message");
        type == "succeeded" && message != nullptr) {
      read_document(dump_json(*message), sample);
    } else if (type == "errored") {
      const Value* error = result->find("error");
      const bool wrapped = error != nullptr && error->find("error") != nullptr;
      sample.error = error_object_fault(wrapped ? *error : *result);
      const std::string kind = wrapped ? batch_text(*error->find("error"), "type") : "";
      if (sample.error.kind == ErrorClass::error_in_stream)
        sample.error.kind =
            kind == "invalid_request_error" ? ErrorClass::bad_request : ErrorClass::other;
    } else if (type == "expired" || type == "canceled") {
      sample.error = {type == "expired" ? ErrorClass::timeout_total : ErrorClass::cancelled,
                      fmt::format("the batch did not carry it out ({})", type)};
    } else {
      sample.error = {ErrorClass::bad_json, "the line of the answer has no `result` that is known"};
    }
  }
};

}  // namespace

std::unique_ptr<const BatchApi> message_batches(BatchApi::Access access) {
  return std::make_unique<const MessageBatches>(std::move(access));
}

}  // namespace llmops
