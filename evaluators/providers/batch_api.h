#pragma once
// How one provider's batches are asked for, and what its documents about them say. Only shapes: who
// asks when is evaluators/runner/batch_run.h.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/providers/stream_call.h"
#include "evaluators/transport/http_client.h"

namespace llmops {

struct BatchState {
  std::string id;
  std::string status;                 // the provider's word
  bool ended = false;                 // nothing of it will be carried out any more
  bool refused = false;               // nothing of it was carried out
  bool expired = false;               // its time was over before all was carried out
  std::vector<std::string> file_ids;  // of answers, where they lie in files
  std::int64_t requests = 0;          // that it holds; 0: not told
  std::string problem;                // of the whole batch, in the server's words
  std::string mark;                   // what it was made with; "": the provider keeps none
};

struct BatchPage {
  std::vector<BatchState> batches;
  std::string after;  // where the next page begins; empty: there is none
};

// The sample has text, usage and the like, or the error.
struct BatchAnswer {
  std::string custom_id;
  Sample sample;
};

class BatchApi {
 public:
  struct Access {
    std::string base_url;
    std::string query;                 // "?api-version=..." behind every address; may be empty
    std::vector<std::string> headers;  // "Name: value", with the key: never shown
    std::string secret;                // the key
    std::function<Result<std::string>(const Request&)> write;  // the body of one request
    std::function<std::unique_ptr<AnswerReader>()> read;       // an answer's document
  };

  virtual ~BatchApi() = default;
  const std::string& secret() const { return access_.secret; }
  Result<std::string> write(const Request& request) const { return access_.write(request); }

  // Of one batch.
  virtual std::size_t most_requests() const = 0;
  virtual std::size_t most_bytes() const = 0;
  // Whether a batch's state repeats the mark that it was made with.
  virtual bool keeps_marks() const = 0;

  // Appends a request to what has gathered of a batch.
  virtual void add(std::string& batch, std::string_view custom_id, std::string_view body) const = 0;
  // The file of a batch, where one is sent before the batch is made.
  virtual std::optional<HttpRequest> upload(std::string_view name,
                                            std::string_view batch) const = 0;
  // `file_id`: of the upload, if any; else `batch` goes along.
  virtual HttpRequest create(std::string_view file_id, std::string_view batch,
                             std::string_view mark) const = 0;
  virtual HttpRequest state(std::string_view batch_id) const = 0;
  virtual HttpRequest list(std::string_view after) const = 0;  // "": from the newest on
  // What brings the answers, a JSON line each, of a batch that has ended.
  virtual std::vector<HttpRequest> answers(const BatchState& batch) const = 0;

  Result<BatchState> read_state(std::string_view document) const;
  Result<BatchPage> read_page(std::string_view document) const;
  Result<BatchAnswer> read_answer(std::string_view line) const;

 protected:
  virtual BatchState state_of(const Value& batch) const = 0;
  // A line of the answers: what became of one request.
  virtual void read_result(const Value& line, Sample& sample) const = 0;
  explicit BatchApi(Access access) : access_(std::move(access)) {}
  // To `path` behind the base URL.
  HttpRequest request(std::string_view method, std::string_view path,
                      std::string_view content_type = "", std::string body = "") const;
  // Reads an answer's document (not an error) into the sample.
  void read_document(std::string_view document, Sample& sample) const;

 private:
  Access access_;
};

// OpenAI's batches, as others repeat them: a file of requests, a batch of it, a file of answers.
std::unique_ptr<const BatchApi> chat_batches(BatchApi::Access access);
// Anthropic's message batches: the requests lie in the batch.
std::unique_ptr<const BatchApi> message_batches(BatchApi::Access access);

// `id` of the document of an upload or a new batch. A problem: it has none.
Result<std::string> id_of(std::string_view document);

// Small readers that both have: "" and 0 where nothing fit is there.
std::string batch_text(const Value& from, std::string_view key);
std::int64_t batch_count(const Value& from, std::string_view key);
// A name in a URL's path: ids of servers are untrusted.
std::string path_part(std::string_view id);

}  // namespace llmops
