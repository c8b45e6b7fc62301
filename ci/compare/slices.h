#pragma once
// Where a loss sits: the same comparison in the cases of each tag, as findings.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ci/compare/subject.h"

namespace llmops {

class Slices {
 public:
  // One comparison a tag and shape. At most 100 tags, the first in order of their appearance.
  Slices(std::vector<MetricComparison> shapes, const RunHeader& baseline,
         const RunHeader& candidate);

  void first(const RowPairs& rows);
  void begin_second(bool paired);
  void second(const RowPairs& rows, std::optional<std::uint32_t> cluster);
  // Slices of at least 20 cases that are not all of them, with adjusted p-values.
  std::vector<SliceFinding> finish(const GateSpec& gate, std::int64_t cases);

 private:
  using Key = std::pair<std::string, std::string>;  // tag and its value
  std::vector<MetricComparison> shapes_;
  const RunHeader& baseline_;
  const RunHeader& candidate_;
  std::map<Key, std::vector<Subject>> slices_;
};

}  // namespace llmops
