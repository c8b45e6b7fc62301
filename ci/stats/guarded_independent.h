#pragma once
// Two independent arms of bounded scores: one pseudo-score at each end of the scale is added to
// each arm, then Welch's one-sided bounds. The guard does what it does in guarded.h: rare failures
// that are not in the sample are not counted as impossible.

#include <span>

#include "ci/stats/moments.h"
#include "ci/stats/t_test.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

struct GuardedIndependent {
  double difference = 0.0;  // candidate - baseline, of the real scores
  double lower = 0.0, upper = 0.0;
  TTest used;  // Welch's test with the pseudo-scores: mean, se, df, p-values
};

// not_testable no_cases; invalid_input bad_range, value_outside_range, bad_level.
Tested<GuardedIndependent> guarded_independent(const Moments& baseline, const Moments& candidate,
                                               double lowest, double highest, double level = 0.95);
Tested<GuardedIndependent> guarded_independent(std::span<const double> baseline,
                                               std::span<const double> candidate, double lowest,
                                               double highest, double level = 0.95);

}  // namespace llmops::stats
