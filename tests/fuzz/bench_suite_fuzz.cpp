#include "cli/bench/suite.h"
#include "tests/fuzz/input_file.h"

// Any bytes as a bench suite: problems or a suite, never a crash. Nothing that it names is there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const llmops::InputFile file(data, size);
  llmops::BenchOptions options;
  options.suite = file.path().string();
  static_cast<void>(llmops::load_bench_suite(options).problems());
  return 0;
}
