// Sources of the routes: OpenAI's API reference (/v1/embeddings); text-embeddings-inference 1.9
// (/embed_all); llama.cpp's server (/embeddings with --pooling none); vLLM (/pooling).
#include "evaluators/embeddings/protocols.h"

#include <array>

#include "datasets/text/json.h"
#include "evaluators/embeddings/vectors.h"
#include "evaluators/providers/http_faults.h"
#include "evaluators/providers/http_model.h"

namespace llmops {
namespace {

enum class Route { openai, tei, llama_cpp, vllm };

class VectorReader final : public AnswerReader {
 public:
  // No route streams: an event is an answer of something else.
  EventGain on_event(std::string_view, std::string_view) override {
    fault_ = {ErrorClass::wrong_content_type, "the embeddings came as an event stream"};
    return {};
  }
  void on_document(std::string_view body) override {
    const Result<Value> document = parse_json(body, "answer");
    if (!document) {
      fault_ = {ErrorClass::bad_json, "the answer is " + document.problems()[0].what};
      return;
    }
    if (document->find("error") != nullptr) {
      fault_ = error_object_fault(*document);
      return;
    }
    const Value* data = document->find("data");
    const List* elements = data != nullptr ? data->list() : document->list();
    const auto vectors = read_vectors(*document, elements == nullptr ? 0 : elements->size());
    if (!vectors) {
      fault_ = {ErrorClass::bad_json, vectors.problems()[0].what};
      return;
    }
    packed_ = pack(*vectors);
    if (const Value* model = document->find("model"); model != nullptr && model->is_string())
      model_ = *model->string();
    if (const Value* usage = document->find("usage"))
      for (const char* key : {"prompt_tokens", "input_tokens", "total_tokens"})
        if (const Value* tokens = usage->find(key); tokens != nullptr && tokens->is_number()) {
          usage_.input = static_cast<std::int64_t>(tokens->number());
          break;
        }
  }
  bool complete() const override { return false; }
  bool finished() const override { return true; }
  bool has_answer() const override { return !packed_.empty(); }
  const CallError& fault() const override { return fault_; }
  void move_into(Sample& sample) override {
    sample.text = std::move(packed_);
    sample.model = std::move(model_);
    sample.usage = usage_;
  }

 private:
  std::string packed_, model_;
  Usage usage_;
  CallError fault_;
};

Result<std::string> body_of(Route route, const ModelSpec& model, const Request& request) {
  List texts;
  for (const Message& message : request.messages) texts.emplace_back(plain_text(message));
  Object body;
  if (route == Route::openai || route == Route::vllm) body.add("model", model.name);
  body.add(route == Route::tei ? "inputs" : "input", std::move(texts));
  if (route == Route::tei) body.add("truncate", true);
  if (route == Route::openai || route == Route::vllm) body.add("encoding_format", "float");
  if (route == Route::vllm) body.add("task", "token_embed");
  for (const Member& parameter : model.parameters) {
    if (parameter.value.is_null())
      body.erase(parameter.key);
    else
      body.set(parameter.key, parameter.value);
  }
  return dump_json(Value(std::move(body)));
}

template <Route route>
std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  constexpr std::string_view kPath = route == Route::tei    ? "/embed_all"
                                     : route == Route::vllm ? "/pooling"
                                                            : "/embeddings";
  constexpr std::string_view kUsual = route == Route::openai ? "https://api.openai.com/v1" : "";
  model.stream = false;
  if (route == Route::openai || route == Route::vllm)
    if (model.name.empty()) fields.missing("name", "the model that the endpoint is asked for");
  Endpoint endpoint = read_endpoint(model, fields, kUsual, kPath, KeyHeader(),
                                    {"Content-Type: application/json", "Accept: application/json"});
  return std::make_unique<HttpModel>(
      model, std::move(endpoint), loop,
      [&model](const Request& request, int) { return body_of(route, model, request); },
      [](int) { return std::make_unique<VectorReader>(); });
}

// A token's vector of 1,024 numbers takes some 12 kB of JSON.
constexpr std::size_t kTokenCharacters = 2000;

constexpr EmbeddingsProtocol kOpenAi{
    .info = {.name = "openai",
             .summary = "/v1/embeddings: OpenAI, vLLM, text-embeddings-inference, Ollama, ...",
             .needs_name = true,
             .cacheable = true,
             .make = &make<Route::openai>},
    .most_texts = 64,
    .most_characters = 200'000,
};
constexpr EmbeddingsProtocol kTei{
    .info = {.name = "tei",
             .summary = "/embed_all of text-embeddings-inference: a vector for each token",
             .needs_name = false,
             .cacheable = true,
             .make = &make<Route::tei>},
    .tokens = true,
    .most_texts = 32,
    .most_characters = kTokenCharacters,
};
constexpr EmbeddingsProtocol kLlamaCpp{
    .info = {.name = "llama.cpp",
             .summary = "/embeddings of llama-server --pooling none: a vector for each token",
             .needs_name = false,
             .cacheable = true,
             .make = &make<Route::llama_cpp>},
    .tokens = true,
    .most_texts = 32,
    .most_characters = kTokenCharacters,
};
constexpr EmbeddingsProtocol kVllm{
    .info = {.name = "vllm",
             .summary = "/pooling of vllm serve --runner pooling: a vector for each token",
             .needs_name = true,
             .cacheable = true,
             .make = &make<Route::vllm>},
    .tokens = true,
    .most_texts = 32,
    .most_characters = kTokenCharacters,
};

}  // namespace

std::span<const EmbeddingsProtocol* const> embeddings_protocols() {
  static constexpr std::array<const EmbeddingsProtocol*, 4> kAll{&kOpenAi, &kTei, &kLlamaCpp,
                                                                 &kVllm};
  return kAll;
}

const EmbeddingsProtocol* find_embeddings_protocol(std::string_view name) {
  for (const EmbeddingsProtocol* protocol : embeddings_protocols())
    if (protocol->info.name == name) return protocol;
  return nullptr;
}

}  // namespace llmops
