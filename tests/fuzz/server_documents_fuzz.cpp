// Whatever a server sends beside event streams: refusals, times to come back, batches and their
// answers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "evaluators/providers/anthropic_answer.h"
#include "evaluators/providers/batch_api.h"
#include "evaluators/providers/http_faults.h"
#include "evaluators/providers/ollama_answer.h"
#include "evaluators/traces/exporter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  HttpHead head;
  head.add(text.substr(0, line));
  const std::string_view body = text.substr(std::min(line + 1, text.size()));
  for (const int status : {200, 400, 429, 503}) {
    head.status = status;
    if (!http_fault(head, body)) std::abort();
  }
  if (const auto wait = retry_after(head, body, std::chrono::system_clock::time_point{}))
    if (wait->count() < 0) std::abort();

  OllamaReader ollama;
  Sample sample;
  ollama.on_event("", text);
  ollama.move_into(sample);
  if (sample.server.queue_ms.value_or(0) < 0) std::abort();

  static_cast<void>(id_of(body));
  const std::string key = "sk-fuzz-12345678";
  const BatchApi::Access access{
      .base_url = "", .query = "", .headers = {}, .secret = key, .write = {}, .read = [] {
        return std::make_unique<AnthropicReader>();
      }};
  const std::unique_ptr<const BatchApi> apis[] = {chat_batches(access), message_batches(access)};
  for (const auto& api : apis) {
    static_cast<void>(api->read_state(body));
    static_cast<void>(api->read_page(body));
    if (const auto answer = api->read_answer(body))
      if (answer->sample.text.find(key) != std::string::npos) std::abort();
  }
  for (const std::string& header : otlp_headers(text))
    if (header.find_first_of("\r\n") != std::string::npos) std::abort();
  return 0;
}
