#pragma once
// Relative change of positive quantities (tokens, cost, time) over the same cases.

#include <span>

#include "ci/stats/guarded.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

// Mean of ln(candidate/baseline) with skewness-corrected one-sided bounds (guarded.h, no
// pseudo-cases). `log` is on the log scale; the other fields are ratios (their exponentials).
struct LogRatio {
  Guarded log;
  double geometric_mean_ratio = 1.0;
  double lower_ratio = 1.0, upper_ratio = 1.0;
};
// not_testable no_cases, fewer_than_two_cases, zero_variance, value_not_positive (use the ratio of
// sums); invalid_input length_mismatch, non_finite_value, bad_level.
Tested<LogRatio> log_ratio(std::span<const double> baseline, std::span<const double> candidate,
                           double level = 0.95);
Tested<LogRatio> log_ratio(const Moments& logarithms, double level = 0.95);

// R = sum c / sum b: the change of the bill. Error by linearisation (Cochran 1977, section 6.3):
// sd(c - R b)/(sqrt(n) mean b), t with n - 1 degrees of freedom.
struct RatioOfSums {
  std::size_t n = 0;
  double ratio = 1.0;
  double se = 0.0;
  Interval interval;                            // two-sided at `level`
  double lower_bound = 1.0, upper_bound = 1.0;  // one-sided, each at `level`
};
// not_testable no_cases, fewer_than_two_cases, zero_baseline; invalid_input as above. Proportional
// values have se = 0 and an interval of one point.
Tested<RatioOfSums> ratio_of_sums(std::span<const double> baseline,
                                  std::span<const double> candidate, double level = 0.95);

}  // namespace llmops::stats
