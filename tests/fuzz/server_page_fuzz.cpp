// What a model server says of itself, as any server may say it.
#include <string_view>

#include "datasets/text/json.h"
#include "evaluators/telemetry/server_info.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto answer = llmops::parse_json(text, "server");
  if (!answer) return 0;
  for (const char* page :
       {"/get_server_info", "/info", "/props", "/api/version", "/api/ps", "/version", "/models"})
    llmops::read_server_page(page, *answer, "tiny");
  return 0;
}
