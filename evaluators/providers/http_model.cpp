#include "evaluators/providers/http_model.h"

#include "datasets/text/diagnostic.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

HttpModel::HttpModel(const ModelSpec& model, Endpoint endpoint, EventLoop& loop, Write write,
                     Read read, std::unique_ptr<const BatchApi> batch)
    : model_(model),
      endpoint_(std::move(endpoint)),
      write_(std::move(write)),
      read_(std::move(read)),
      batch_(std::move(batch)),
      calls_(loop, model) {
  calls_.hide(endpoint_.secret);
}

HttpModel::~HttpModel() = default;

std::uint64_t HttpModel::ask_several(const std::shared_ptr<const Request>& request, int count,
                                     Clock::time_point scheduled, Done done) {
  Sample sample;
  sample.case_id = request->row ? request->row->id : "";
  sample.number = request->sample;
  Result<std::string> body = write_(*request, count);
  if (!body) {
    const Diagnostic& first = body.problems()[0];
    Answer answer{.sample = std::move(sample), .more = {}, .retry_after = std::nullopt};
    std::string why = first.file.empty() ? first.what : first.file + ": " + first.what;
    if (!first.help.empty()) why += "; " + first.help;
    answer.sample.error = {ErrorClass::bad_request, std::move(why)};
    done(std::move(answer));
    return 0;
  }
  HttpRequest http;
  http.url = endpoint_.url;
  http.headers = endpoint_.headers;
  http.body = *std::move(body);
  http.connect_timeout = model_.timeout.connect;
  return calls_.start(std::move(http), read_(count), std::move(sample), scheduled, std::move(done));
}

}  // namespace llmops
