#pragma once
// The wire of batches as OpenAI has them and others repeat them: a file of requests, a batch of it,
// its state, a file of answers. Only shapes: who asks when is evaluators/runner/batch_run.h.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/providers/stream_call.h"
#include "evaluators/transport/http_client.h"

namespace llmops {

// How one provider's batches are asked for.
struct BatchApi {
  std::string base_url;              // of /files and /batches
  std::string query;                 // "?api-version=..." behind every address; may be empty
  std::string endpoint;              // what each line of a batch asks: "/v1/chat/completions"
  std::vector<std::string> headers;  // "Name: value", with the key: never shown
  std::string secret;                // the key
  std::function<Result<std::string>(const Request&)> write;  // the body of a line
  std::function<std::unique_ptr<AnswerReader>()> read;       // an answer's document
};

// A line of the file of requests, with its line break.
std::string batch_line(const BatchApi& api, std::string_view custom_id, std::string_view body);

HttpRequest upload_batch_file(const BatchApi& api, std::string_view name, std::string_view lines);
HttpRequest create_batch(const BatchApi& api, std::string_view file_id, const Object& metadata);
HttpRequest batch_state(const BatchApi& api, std::string_view batch_id);
HttpRequest list_batches(const BatchApi& api, std::string_view after);  // "" : from the newest on
HttpRequest batch_file(const BatchApi& api, std::string_view file_id);

// `id` of the document of an upload or a new batch. A problem: it has none.
Result<std::string> id_of(std::string_view document);

struct BatchState {
  std::string id;
  std::string
      status;  // validating in_progress finalizing completed failed expired cancelling cancelled
  std::string output_file, error_file;  // ids; empty: none
  std::int64_t done = 0, failed = 0;    // requests so far
  std::string problem;                  // of the whole batch, in the server's words
  Object metadata;
  bool ended() const;
};
Result<BatchState> read_batch_state(std::string_view document);

struct BatchPage {
  std::vector<BatchState> batches;
  std::string after;  // where the next page begins; empty: there is none
};
Result<BatchPage> read_batch_page(std::string_view document);

// One line of a file of answers. The sample has text, usage and the like, or the error.
struct BatchAnswer {
  std::string custom_id;
  Sample sample;
};
Result<BatchAnswer> read_batch_answer(const BatchApi& api, std::string_view line);

}  // namespace llmops
