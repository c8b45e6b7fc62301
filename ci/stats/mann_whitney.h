#pragma once
// Mann & Whitney's test (1947) of two independent arms. It asks whether one arm tends to be larger,
// which is not a difference of means: it is shown, never decisive.

#include <cstdint>
#include <optional>
#include <span>

#include "ci/stats/tested.h"
#include "ci/stats/wilcoxon.h"

namespace llmops::stats {

struct MannWhitney {
  double u_candidate = 0.0, u_baseline = 0.0;  // #(candidate > baseline) + ties/2, and the reverse
  double probability_of_superiority = 0.5;     // u_candidate/(n m), Vargha & Delaney's A
  double cliffs_delta = 0.0;                   // 2 A - 1
  std::optional<double> z;                     // approximation only, of the larger U
  double p_two_sided = 1.0, p_less = 1.0,
         p_greater = 1.0;  // greater: the candidate tends to be larger
};

// `automatic` is exact (with ties: over the mid-ranks) up to 50 values together.
// not_testable no_cases, all_values_equal; invalid_input non_finite_value.
Tested<MannWhitney> mann_whitney(std::span<const double> baseline,
                                 std::span<const double> candidate,
                                 RankMethod method = RankMethod::automatic, bool continuity = true);

}  // namespace llmops::stats
