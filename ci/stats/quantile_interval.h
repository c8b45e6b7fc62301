#pragma once
// Interval of a quantile from order statistics (David & Nagaraja 2003, section 7.1): no assumption
// about the distribution. With X ~ Bin(n, p) and a = 1 - level, ranks count from 1:
// lower = largest l with P(X <= l-1) <= a/2, upper = smallest u with P(X >= u) <= a/2.

#include <cstdint>
#include <optional>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct QuantileRanks {
  std::optional<std::int64_t> lower, upper;  // absent: no finite bound on that side
  double coverage = 1.0;                     // P(lower <= X <= upper - 1), at least `level`
};
// not_testable no_cases; invalid_input bad_probability (p outside (0, 1)), bad_level,
// negative_count.
Tested<QuantileRanks> quantile_ranks(std::int64_t n, double p, double level = 0.95);

struct QuantileInterval {
  double estimate = 0.0;               // type 7
  std::optional<double> lower, upper;  // absent: open on that side
  QuantileRanks ranks;
};
Tested<QuantileInterval> quantile_interval(std::span<const double> values, double p,
                                           double level = 0.95);

}  // namespace llmops::stats
