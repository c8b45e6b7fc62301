// A dataset in the format `jsonl`: any bytes give cases or problems.
#include "tests/fuzz/dataset_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  llmops::read_as("jsonl", data, size);
  return 0;
}
