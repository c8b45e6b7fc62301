#pragma once
// Sample quantiles of type 7: h = (n - 1) p, linear between the neighbours (Hyndman & Fan 1996).

#include <span>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

// `sorted` is ascending and not empty, 0 <= p <= 1.
double quantile_sorted(std::span<const double> sorted, double p);

// not_testable `no_cases`; invalid_input `bad_probability`, `non_finite_value`.
Tested<double> quantile(std::span<const double> values, double p);

std::vector<double> sorted_copy(std::span<const double> values);

}  // namespace llmops::stats
