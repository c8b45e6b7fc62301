#pragma once
// Mid-ranks: tied values share the mean of the ranks they take up.

#include <cstdint>
#include <span>
#include <vector>

namespace llmops::stats {

struct Ranks {
  std::vector<double> ranks;       // in the order of the input, counted from 1
  std::vector<std::int64_t> ties;  // sizes of the groups of equal values, singles included

  // Sum over groups of t^3 - t.
  double tie_term() const;
};
Ranks mid_ranks(std::span<const double> values);

}  // namespace llmops::stats
