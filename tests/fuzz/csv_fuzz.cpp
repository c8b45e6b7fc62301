// A dataset in the format `csv`: any bytes give cases or problems.
#include "tests/fuzz/dataset_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  llmops::read_as("csv", data, size);
  return 0;
}
