#pragma once
// Intervals for a proportion of k successes in n cases, two-sided at `level`.
// not_testable no_cases; invalid_input k_exceeds_n, negative_count, bad_level.

#include <cstdint>

#include "ci/stats/tested.h"

namespace llmops::stats {

// Score interval (Wilson 1927); in [0, 1], exactly 0 for k = 0 and 1 for k = n.
Tested<Interval> wilson(std::int64_t k, std::int64_t n, double level = 0.95);

// Exact tail inversion (Clopper & Pearson 1934): never below its level.
Tested<Interval> clopper_pearson(std::int64_t k, std::int64_t n, double level = 0.95);

// Equal-tailed posterior for the prior Beta(1/2, 1/2); lower 0 for k = 0, upper 1 for k = n
// (Brown, Cai & DasGupta 2001).
Tested<Interval> jeffreys(std::int64_t k, std::int64_t n, double level = 0.95);

// Wald interval around (k + z^2/2)/(n + z^2) (Agresti & Coull 1998); may leave [0, 1].
Tested<Interval> agresti_coull(std::int64_t k, std::int64_t n, double level = 0.95);

// One-sided Clopper-Pearson bounds with confidence 1 - alpha.
Tested<double> clopper_pearson_lower(std::int64_t k, std::int64_t n, double alpha = 0.05);
Tested<double> clopper_pearson_upper(std::int64_t k, std::int64_t n, double alpha = 0.05);

// P(X >= k) and P(X <= k) for X ~ Bin(n, p): the p-values that belong to the two bounds.
Tested<double> binomial_p_greater(std::int64_t k, std::int64_t n, double p);
Tested<double> binomial_p_less(std::int64_t k, std::int64_t n, double p);

// Wilson's interval from the normal quantile itself; 0 <= k <= n, n > 0.
Interval wilson_limits(double k, double n, double z);

}  // namespace llmops::stats
