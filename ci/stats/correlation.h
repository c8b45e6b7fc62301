#pragma once
// Correlation of two variables over the same cases.
// not_testable no_cases, fewer_than_two_cases, constant_input; invalid_input length_mismatch,
// non_finite_value, bad_level.

#include <cstdint>
#include <optional>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct Correlation {
  double r = 0.0;
  std::optional<double> p_two_sided;  // t with n - 2 df; absent for n = 2
  std::optional<Interval> interval;   // Fisher's z; absent for n < 4
};
Tested<Correlation> pearson(std::span<const double> x, std::span<const double> y,
                            double level = 0.95);

// Pearson's coefficient of the mid-ranks.
Tested<Correlation> spearman(std::span<const double> x, std::span<const double> y,
                             double level = 0.95);

// Kendall's tau-b; normal approximation with the variance for ties (Kendall 1970, chapter 4).
struct Kendall {
  double tau_b = 0.0;
  std::int64_t concordant = 0, discordant = 0;  // pairs
  std::optional<double> z, p_two_sided;         // absent for n = 2
};
Tested<Kendall> kendall(std::span<const double> x, std::span<const double> y);

}  // namespace llmops::stats
