#pragma once
// Bounds of a mean that keep their level when the failures that matter are rare, and so perhaps not
// in the sample at all: two pseudo-cases at the ends of the range are added, and Hall's
// transformation (1992) corrects the t statistic for skewness. A plain t bound accepts a candidate
// that breaks 2.5% of the cases in up to 27% of the runs at n = 50; this one keeps its 5% at every
// n. With N values (pseudo-cases included), mean m, sd s, skewness g, q = t quantile of `level` (N
// - 1 df) over sqrt(N): y = u - g/(6N), Ginv(u) = (3/g)(cbrt(1 + g y) - 1), lower = m - s Ginv(q),
// upper = m - s Ginv(-q); p-values from T = sqrt(N) G((m - mu0)/s), G(t) = t + g t^2/3 + g^2 t^3/27
// + g/(6N).

#include <span>

#include "ci/stats/moments.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

struct Guarded {
  double mean = 0.0;                // of the cases alone
  double lower = 0.0, upper = 0.0;  // one-sided, each at `level`
  double statistic = 0.0;           // T
  double p_less = 1.0, p_greater = 1.0;
  Moments used;  // what the formulas saw: the cases and the pseudo-cases
};

// Differences in [-range, range]. Defined from one case on, and for equal differences too.
// not_testable no_cases; invalid_input bad_range, value_outside_range (with index), bad_level.
Tested<Guarded> guarded(const Moments& differences, double range, double level = 0.95,
                        double null_value = 0.0);
Tested<Guarded> guarded(std::span<const double> differences, double range, double level = 0.95,
                        double null_value = 0.0);

// Scores of one run in [lowest, highest], one pseudo-score at each end of the scale.
Tested<Guarded> guarded_mean(const Moments& scores, double lowest, double highest,
                             double level = 0.95, double null_value = 0.0);
Tested<Guarded> guarded_mean(std::span<const double> scores, double lowest, double highest,
                             double level = 0.95, double null_value = 0.0);

// Cluster pseudo-values: as `guarded`, but a value may lie outside the range.
Tested<Guarded> guarded_unchecked(const Moments& differences, double range, double level = 0.95,
                                  double null_value = 0.0);

// The skewness correction alone, for quantities without a range (logarithms of ratios).
// not_testable no_cases, fewer_than_two_cases, zero_variance.
Tested<Guarded> skew_corrected(const Moments& differences, double level = 0.95,
                               double null_value = 0.0);
Tested<Guarded> skew_corrected(std::span<const double> differences, double level = 0.95,
                               double null_value = 0.0);

}  // namespace llmops::stats
