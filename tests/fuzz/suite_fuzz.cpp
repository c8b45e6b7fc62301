#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/suite.h"

// Any bytes as a suite file: problems or a suite, never a crash. Nothing that it names is there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto suite = llmops::read_suite(llmops::Source("nowhere/suite.yaml", text), {});
  static_cast<void>(suite.problems());
  return 0;
}
