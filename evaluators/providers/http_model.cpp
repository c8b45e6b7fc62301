#include "evaluators/providers/http_model.h"

#include "datasets/text/diagnostic.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

HttpModel::HttpModel(const ModelSpec& model, Endpoint endpoint, EventLoop& loop, Write write,
                     Read read)
    : model_(model),
      endpoint_(std::move(endpoint)),
      write_(std::move(write)),
      read_(std::move(read)),
      calls_(loop, model) {
  calls_.hide(endpoint_.secret);
}

std::uint64_t HttpModel::ask(const std::shared_ptr<const Request>& request,
                             Clock::time_point scheduled, Done done) {
  Sample sample;
  sample.case_id = request->row ? request->row->id : "";
  sample.number = request->sample;
  Result<std::string> body = write_(*request);
  if (!body) {
    const Diagnostic& first = body.problems()[0];
    Answer answer{.sample = std::move(sample), .retry_after = std::nullopt};
    answer.sample.error = {ErrorClass::bad_request,
                           first.file.empty() ? first.what : first.file + ": " + first.what};
    done(std::move(answer));
    return 0;
  }
  HttpRequest http;
  http.url = endpoint_.url;
  http.headers = endpoint_.headers;
  http.body = *std::move(body);
  http.connect_timeout = model_.timeout.connect;
  return calls_.start(std::move(http), read_(), std::move(sample), scheduled, std::move(done));
}

}  // namespace llmops
