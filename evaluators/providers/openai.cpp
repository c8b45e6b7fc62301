// Chat completions: OpenAI's route and everything that speaks it (vLLM, SGLang, TGI, TensorRT-LLM,
// Ollama, llama.cpp, LiteLLM, OpenRouter, Gemini's and Azure's variants).
#include <fmt/format.h>

#include "datasets/text/json.h"
#include "evaluators/providers/chat_answer.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/providers/endpoint.h"
#include "evaluators/providers/stream_call.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

class ChatReader final : public AnswerReader {
 public:
  EventGain on_event(std::string_view, std::string_view data) override {
    if (data == "[DONE]") {
      done_ = true;
      return {};
    }
    const Result<Value> event = parse_json(data, "stream");
    if (!event) {
      fault_ = {ErrorClass::bad_json, "an event of the stream is " + event.problems()[0].what};
      return {};
    }
    return answer_.add_chunk(*event);
  }
  void on_document(std::string_view body) override {
    const Result<Value> document = parse_json(body, "answer");
    if (document)
      answer_.add_document(*document);
    else
      fault_ = {ErrorClass::bad_json, "the answer is " + document.problems()[0].what};
  }
  bool complete() const override { return done_; }
  bool finished() const override { return done_ || !answer_.finish_reason().empty(); }
  bool has_answer() const override { return answer_.has_answer(); }
  const CallError& fault() const override { return fault_ ? fault_ : answer_.error(); }
  void move_into(Sample& sample) override { answer_.move_into(sample); }

 private:
  ChatAnswer answer_;
  CallError fault_;
  bool done_ = false;
};

class OpenAi final : public Provider {
 public:
  OpenAi(const ModelSpec& model, Endpoint endpoint, bool new_length_name, EventLoop& loop)
      : model_(model),
        endpoint_(std::move(endpoint)),
        writer_(model, new_length_name),
        calls_(loop, model) {
    calls_.hide(endpoint_.secret);
  }

  std::uint64_t ask(const std::shared_ptr<const Request>& request, Clock::time_point scheduled,
                    Done done) override {
    Sample sample;
    sample.case_id = request->row ? request->row->id : "";
    sample.number = request->sample;
    Result<std::string> body = writer_.body(*request);
    if (!body) {
      Answer answer{.sample = std::move(sample), .retry_after = std::nullopt};
      answer.sample.error = {ErrorClass::bad_request,
                             body.problems()[0].file + ": " + body.problems()[0].what};
      done(std::move(answer));
      return 0;
    }
    HttpRequest http;
    http.url = endpoint_.url;
    http.headers = endpoint_.headers;
    http.body = *std::move(body);
    http.connect_timeout = model_.timeout.connect;
    return calls_.start(std::move(http), std::make_unique<ChatReader>(), std::move(sample),
                        scheduled, std::move(done));
  }

  void cancel(std::uint64_t attempt) override { calls_.cancel(attempt); }
  void cancel_all() override { calls_.cancel_all(); }

 private:
  const ModelSpec& model_;
  Endpoint endpoint_;
  ChatRequestWriter writer_;
  StreamCalls calls_;
};

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  const std::string accept =
      model.stream ? "Accept: text/event-stream, application/json" : "Accept: application/json";
  Endpoint endpoint = read_endpoint(model, fields, "https://api.openai.com/v1", "/chat/completions",
                                    KeyHeader(), {"Content-Type: application/json", accept});
  // OpenAI's own newer models refuse `max_tokens`; others know only that name.
  const bool new_length_name = endpoint.base_url.starts_with("https://api.openai.com/");
  return std::make_unique<OpenAi>(model, std::move(endpoint), new_length_name, loop);
}

}  // namespace

extern const ProviderInfo kOpenAi;
constexpr ProviderInfo kOpenAi{
    .name = "openai",
    .summary =
        "chat completions: OpenAI, vLLM, SGLang, TGI, TensorRT-LLM, Ollama, llama.cpp, Azure, ...",
    .needs_name = true,
    .cacheable = true,
    .make = &make,
};

}  // namespace llmops
