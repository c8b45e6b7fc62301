#pragma once
// `# llmops: ignore RULE` in a file.

#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/source.h"

namespace llmops {

struct Ignores {
  struct Range {
    std::string rule;
    std::size_t first = 0;  // lines, both inside
    std::size_t last = 0;
  };
  std::vector<Range> ranges;
  Diagnostics problems;  // rules that do not exist

  bool covers(std::string_view rule, std::size_t line) const;
};

Ignores read_ignores(const Source& source);

}  // namespace llmops
