// Pages of metrics as a server may send them.
#include <string_view>

#include "evaluators/telemetry/prometheus.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const llmops::ServerSample sample = llmops::read_server_sample(text, 0);
  llmops::server_report({sample, sample});
  return 0;
}
