// What any program on this machine may send to `llmops view`.
#include <cstdlib>
#include <string_view>

#include "cli/local_server.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto request = llmops::parse_local_request(text);
  if (!request) return 0;
  for (const std::string& segment : request->segments)
    if (segment == ".." || segment == "." || segment.find('/') != std::string::npos) std::abort();
  return 0;
}
