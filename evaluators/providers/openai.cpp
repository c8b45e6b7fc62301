// Chat completions: OpenAI's route and everything that speaks it (vLLM, SGLang, TGI, TensorRT-LLM,
// Ollama, llama.cpp, LiteLLM, OpenRouter, Gemini's and Azure's variants).
#include "datasets/text/json.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/providers/chat_answer.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/providers/http_model.h"

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

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  const std::string accept =
      model.stream ? "Accept: text/event-stream, application/json" : "Accept: application/json";
  Endpoint endpoint = read_endpoint(model, fields, "https://api.openai.com/v1", "/chat/completions",
                                    KeyHeader(), {"Content-Type: application/json", accept});
  // OpenAI's own newer models refuse `max_tokens`; others know only that name.
  const bool new_length_name = endpoint.base_url.starts_with("https://api.openai.com/");
  const auto writer = std::make_shared<ChatRequestWriter>(model, new_length_name);
  const auto write = [writer](const Request& request) { return writer->body(request); };
  const auto read = [] { return std::make_unique<ChatReader>(); };
  auto batch = std::make_unique<const BatchApi>(BatchApi{.base_url = endpoint.base_url,
                                                         .query = endpoint.query,
                                                         .endpoint = "/v1/chat/completions",
                                                         .headers = endpoint.own_headers,
                                                         .secret = endpoint.secret,
                                                         .write = write,
                                                         .read = read});
  return std::make_unique<HttpModel>(model, std::move(endpoint), loop, write, read,
                                     std::move(batch));
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
