// A dataset in the format `json`: any bytes give cases or problems.
#include "tests/fuzz/dataset_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  llmops::read_as("json", data, size);
  return 0;
}
