// Anthropic's Messages.
#include "evaluators/providers/anthropic_answer.h"
#include "evaluators/providers/anthropic_request.h"
#include "evaluators/providers/http_model.h"

namespace llmops {
namespace {

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  Endpoint endpoint = read_endpoint(
      model, fields, "https://api.anthropic.com/v1", "/messages",
      {.name = "x-api-key", .prefix = ""},
      {"Content-Type: application/json", "anthropic-version: 2023-06-01",
       model.stream ? "Accept: text/event-stream, application/json" : "Accept: application/json"});
  return std::make_unique<HttpModel>(
      model, std::move(endpoint), loop,
      [&model](const Request& request) { return anthropic_body(model, request); },
      [] { return std::make_unique<AnthropicReader>(); });
}

}  // namespace

extern const ProviderInfo kAnthropic;
constexpr ProviderInfo kAnthropic{
    .name = "anthropic",
    .summary = "Anthropic's Messages",
    .needs_name = true,
    .cacheable = true,
    .make = &make,
};

}  // namespace llmops
