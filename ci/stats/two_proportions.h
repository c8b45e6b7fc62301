#pragma once
// Pass rates of two independent arms. difference = candidate - baseline, intervals two-sided at
// `level`. not_testable no_cases; invalid_input negative_count, k_exceeds_n, bad_level.

#include <cstdint>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct Proportion {
  std::int64_t k = 0;  // successes
  std::int64_t n = 0;
  double rate() const { return static_cast<double>(k) / static_cast<double>(n); }
};

// Hybrid score interval (Newcombe 1998, method 10 for independent samples).
Tested<Interval> newcombe(Proportion baseline, Proportion candidate, double level = 0.95);

// One-sided bounds, each at `level`: the hybrid score interval at the two-sided level 2 level - 1.
// `level` above 0.5.
Tested<Interval> newcombe_bounds(Proportion baseline, Proportion candidate, double level = 0.95);

// Wald interval after one success and one failure are added to each arm (Agresti & Caffo 2000).
Tested<Interval> agresti_caffo(Proportion baseline, Proportion candidate, double level = 0.95);

// Two-sample z test with the pooled rate. not_testable zero_variance where all or none succeed.
struct ZTest {
  double z = 0.0;
  double p_two_sided = 1.0, p_less = 1.0, p_greater = 1.0;
};
Tested<ZTest> pooled_z(Proportion baseline, Proportion candidate);

}  // namespace llmops::stats
