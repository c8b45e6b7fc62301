// Ollama's own chat route, for its times and its own parameters; its OpenAI route is `openai`.
#include <algorithm>

#include "datasets/text/json.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/providers/http_model.h"
#include "evaluators/providers/ollama_answer.h"
#include "evaluators/providers/part_files.h"

namespace llmops {
namespace {

// Everything else is an option of the model.
constexpr std::string_view kOutside[] = {"keep_alive", "think", "format", "template"};

Result<Value> message_value(const Message& message, const Prompt* prompt) {
  Object out{
      {"role",    message.role       },
      {"content", plain_text(message)}
  };
  List images;
  for (const Part& part : message.parts) {
    if (part.type == "text") continue;
    Result<std::string> url = part_url(part, prompt);
    if (!url) return url.problems();
    DataUrl data;
    if (!split_data_url(*url, data) || !data.media_type.starts_with("image/"))
      return problem("a message has a part that is neither text nor a local image",
                     "expected what the provider `ollama` can send");
    images.emplace_back(std::string(data.base64));
  }
  if (!images.empty()) out.add("images", std::move(images));
  if (const Value* calls = message.extra.find("tool_calls")) out.add("tool_calls", *calls);
  return Value(std::move(out));
}

// A JSON schema where the prompt has one, else "json".
Value format_value(const Value& response_format) {
  const Value* schema = response_format.find("json_schema");
  if (schema == nullptr) return "json";
  const Value* inner = schema->find("schema");
  return inner == nullptr ? *schema : *inner;
}

Result<std::string> body(const ModelSpec& model, const Request& request) {
  const Prompt* prompt = request.prompt.get();
  Object out{
      {"model", model.name.empty() && prompt != nullptr ? prompt->model : model.name}
  };
  List messages;
  for (const Message& message : request.messages) {
    Result<Value> value = message_value(message, prompt);
    if (!value) return value.problems();
    messages.push_back(*std::move(value));
  }
  out.add("messages", std::move(messages));
  Object options;
  const Object none;
  for (const Member& member :
       merged_parameters(prompt == nullptr ? none : prompt->parameters, model.parameters)) {
    if (std::ranges::find(kOutside, member.key) != std::end(kOutside))
      out.set(member.key, member.value);
    else if (member.key == "max_tokens" || member.key == "max_completion_tokens")
      options.set("num_predict", member.value);
    else if (member.key == "seed" && member.value.is_integer())
      options.set("seed", static_cast<std::int64_t>(member.value.number()) + request.sample);
    else if (member.key != "ignore_eos")  // it knows no such thing
      options.set(member.key, member.value);
  }
  if (!options.empty()) out.add("options", std::move(options));
  if (prompt != nullptr && !prompt->response_format.is_null())
    out.set("format", format_value(prompt->response_format));
  if (prompt != nullptr && !prompt->tools.is_null()) out.add("tools", prompt->tools);
  out.add("stream", model.stream);
  return dump_json(out);
}

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  Endpoint endpoint = read_endpoint(
      model, fields, "http://127.0.0.1:11434", "/api/chat", KeyHeader(),
      {"Content-Type: application/json", "Accept: application/x-ndjson, application/json"});
  return std::make_unique<HttpModel>(
      model, std::move(endpoint), loop,
      [&model](const Request& request, int) { return body(model, request); },
      [](int) { return std::make_unique<OllamaReader>(); });
}

}  // namespace

extern const ProviderInfo kOllama;
constexpr ProviderInfo kOllama{
    .name = "ollama",
    .summary = "Ollama's own chat route, which tells the server's times",
    .needs_name = true,
    .cacheable = true,
    .make = &make,
};

}  // namespace llmops
