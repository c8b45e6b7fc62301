#pragma once
// The figures of one run in the cases of each tag.

#include <vector>

#include "ci/summary.h"

namespace llmops {

struct SliceSummary {
  Tag tag;
  std::int64_t cases = 0;
  Summary summary;
};

// The slices with the most cases, at most `most` of them, the largest first; a tag that every case
// has is none. One pass over the rows finds them, one more each sums them up.
std::vector<SliceSummary> summarize_slices(const RunSource& run, std::size_t most);

}  // namespace llmops
