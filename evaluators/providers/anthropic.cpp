// Anthropic's Messages.
#include "evaluators/providers/anthropic_answer.h"
#include "evaluators/providers/anthropic_request.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/providers/http_model.h"

namespace llmops {
namespace {

constexpr std::string_view kVersion = "anthropic-version: 2023-06-01";

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  Endpoint endpoint = read_endpoint(
      model, fields, "https://api.anthropic.com/v1", "/messages",
      {.name = "x-api-key", .prefix = ""},
      {"Content-Type: application/json", std::string(kVersion),
       model.stream ? "Accept: text/event-stream, application/json" : "Accept: application/json"});
  std::vector<std::string> headers = endpoint.own_headers;
  headers.emplace_back(kVersion);
  auto batches = message_batches(
      {.base_url = endpoint.base_url,
       .query = endpoint.query,
       .headers = std::move(headers),
       .secret = endpoint.secret,
       .write = [&model](const Request& request) { return anthropic_body(model, request); },
       .read = [] { return std::make_unique<AnthropicReader>(); }});
  return std::make_unique<HttpModel>(
      model, std::move(endpoint), loop,
      [&model](const Request& request, int) { return anthropic_body(model, request); },
      [](int) { return std::make_unique<AnthropicReader>(); }, std::move(batches));
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
