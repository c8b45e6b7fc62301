// OpenAI's batches: a file of JSON lines is uploaded, a batch is made of it, and the answers lie in
// one file for those that were answered and one for those that were not.
#include <fmt/format.h>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/providers/http_faults.h"

namespace llmops {
namespace {

constexpr std::string_view kEndpoint = "/v1/chat/completions";
constexpr std::string_view kMark = "llmops_batch";  // in a batch's metadata

class ChatBatches final : public BatchApi {
 public:
  explicit ChatBatches(Access access) : BatchApi(std::move(access)) {}

  std::size_t most_requests() const override { return 50'000; }
  std::size_t most_bytes() const override { return std::size_t{100} << 20; }
  bool keeps_marks() const override { return true; }

  void add(std::string& batch, std::string_view custom_id, std::string_view body) const override {
    batch += "{\"custom_id\":";
    dump_json_string(custom_id, batch);
    batch += ",\"method\":\"POST\",\"url\":";
    dump_json_string(kEndpoint, batch);
    batch += ",\"body\":";
    batch += body;
    batch += "}\n";
  }

  std::optional<HttpRequest> upload(std::string_view name, std::string_view batch) const override {
    // The boundary must not stand in the content: JSON holds no line of this form.
    const std::string boundary = "llmops-" + sha256(batch).substr(0, 32);
    std::string body;
    body.reserve(batch.size() + 512);
    body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n",
                        boundary);
    body += fmt::format(
        "--{}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n"
        "Content-Type: application/jsonl\r\n\r\n",
        boundary, name);
    body += batch;
    body += fmt::format("\r\n--{}--\r\n", boundary);
    return request("POST", "/files", "multipart/form-data; boundary=" + boundary, std::move(body));
  }

  HttpRequest create(std::string_view file_id, std::string_view,
                     std::string_view mark) const override {
    return request("POST", "/batches", "application/json",
                   dump_json(Object{
                       {"input_file_id",     std::string(file_id)                           },
                       {"endpoint",          std::string(kEndpoint)                         },
                       {"completion_window", "24h"                                          },
                       {"metadata",          Object{{std::string(kMark), std::string(mark)}}}
    }));
  }

  HttpRequest state(std::string_view batch_id) const override {
    return request("GET", "/batches/" + path_part(batch_id));
  }

  HttpRequest list(std::string_view after) const override {
    return request("GET", after.empty() ? "/batches?limit=100"
                                        : "/batches?limit=100&after=" + path_part(after));
  }

  std::vector<HttpRequest> answers(const BatchState& batch) const override {
    std::vector<HttpRequest> files;
    for (const std::string& id : batch.file_ids)
      files.push_back(request("GET", fmt::format("/files/{}/content", path_part(id))));
    return files;
  }

 protected:
  BatchState state_of(const Value& document) const override {
    BatchState state;
    state.id = batch_text(document, "id");
    state.status = batch_text(document, "status");
    for (const char* key : {"output_file_id", "error_file_id"})
      if (std::string file = batch_text(document, key); !file.empty())
        state.file_ids.push_back(std::move(file));
    state.expired = state.status == "expired";
    state.ended = state.expired || state.status == "completed" || state.status == "failed" ||
                  state.status == "cancelled";
    state.refused = state.status == "failed" && state.file_ids.empty();
    if (const Value* counts = document.find("request_counts"))
      state.requests = batch_count(*counts, "total");
    if (const Value* metadata = document.find("metadata"))
      state.mark = batch_text(*metadata, kMark);
    // {"object": "list", "data": [{"code", "message", "line"}]}
    const Value* errors = find_path(document, "errors.data");
    if (errors != nullptr && errors->list() != nullptr && !errors->list()->empty())
      state.problem = batch_text(errors->list()->front(), "message");
    return state;
  }

  void read_result(const Value& line, Sample& sample) const override {
    const Value* response = line.find("response");
    const Value* body = response == nullptr ? nullptr : response->find("body");
    if (const Value* error = line.find("error"); error != nullptr && !error->is_null()) {
      // The request was never carried out: the batch's time was over, or it was cancelled.
      const std::string code = batch_text(*error, "code"), message = batch_text(*error, "message");
      sample.error = {code == "batch_expired"     ? ErrorClass::timeout_total
                      : code == "batch_cancelled" ? ErrorClass::cancelled
                                                  : ErrorClass::other,
                      fmt::format("the batch did not carry it out ({}): {}", code, message)};
    } else if (body == nullptr) {
      sample.error = {ErrorClass::bad_json, "the line of the answer has no `response.body`"};
    } else {
      HttpHead head;
      head.status = static_cast<int>(batch_count(*response, "status_code"));
      const std::string document = body->is_string() ? *body->string() : dump_json(*body);
      if (head.status < 200 || head.status >= 300)
        sample.error = http_fault(head, document);
      else
        read_document(document, sample);
    }
  }
};

}  // namespace

std::unique_ptr<const BatchApi> chat_batches(BatchApi::Access access) {
  return std::make_unique<const ChatBatches>(std::move(access));
}

}  // namespace llmops
