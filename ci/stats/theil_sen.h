#pragma once
// Slope of y on x as the median of the slopes of all pairs: outliers hardly move it.
// Source: Theil 1950; its interval Sen 1968, by Kendall's variance with ties in x.

#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct Slope {
  double slope = 0.0;
  Interval interval;  // two-sided at `level`; the extreme slopes where there are few pairs
};

// Of more than 400 points evenly spaced ones are taken: pairs grow with the square.
// not_testable no_cases, constant_x; invalid_input length_mismatch, non_finite_value, bad_level.
Tested<Slope> theil_sen(std::span<const double> x, std::span<const double> y, double level = 0.95);

}  // namespace llmops::stats
