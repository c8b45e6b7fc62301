#pragma once
// A dataset file of given bytes, opened and read to its end.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "datasets/dataset.h"

namespace llmops {

// Aborts where the cases differ from what opening promised.
inline void read_as(const char* format, const std::uint8_t* data, std::size_t size) {
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("llmops-fuzz-" + std::to_string(::getpid())))
          .string();
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) std::abort();
  std::fwrite(data, 1, size, file);
  std::fclose(file);
  for (const bool shuffled : {false, true}) {
    DatasetSpec spec;
    spec.path = path;
    spec.format = format;
    if (shuffled) spec.shuffle = 1;
    const Result<Dataset> dataset = Dataset::open(spec);
    (void)render(dataset.problems());
    if (!dataset) {
      if (!has_errors(dataset.problems())) std::abort();
      continue;
    }
    std::size_t cases = 0;
    Case row;
    for (const auto stream = dataset->cases(); stream->next(row); ++cases)
      if (row.id.empty() || row.line == 0) std::abort();
    if (cases != dataset->info().cases) std::abort();
  }
  std::remove(path.c_str());
}

}  // namespace llmops
