#pragma once
// One sample in numbers, for reports.

#include <cstddef>
#include <optional>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct Description {
  std::size_t n = 0;
  double mean = 0.0;
  std::optional<double> sd;        // n - 1; absent for n < 2
  std::optional<double> variance;  // absent for n < 2 and where it leaves the range of numbers
  std::optional<double> skewness;  // g1; absent for n < 2, 0 for equal values
  double min = 0.0, q05 = 0.0, q25 = 0.0, median = 0.0, q75 = 0.0, q90 = 0.0, q95 = 0.0, q99 = 0.0,
         max = 0.0;
};

// not_testable `no_cases`; invalid_input `non_finite_value`.
Tested<Description> describe(std::span<const double> values);

}  // namespace llmops::stats
