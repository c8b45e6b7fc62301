#pragma once
// Wilcoxon's signed-rank test (1945). It asks whether the differences lie symmetrically around 0,
// which is not the hypothesis of the gate: it is shown, never decisive.

#include <cstdint>
#include <optional>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

enum class ZeroRule {
  wilcox,  // zeros leave before ranking
  pratt,   // zeros are ranked, then leave (Pratt 1959)
  zsplit,  // half of the zeros' ranks to each side; normal approximation only
};
enum class RankMethod {
  automatic,    // exact up to 50 differences, else approximate with continuity correction
  exact,        // distribution over all signs of the given mid-ranks
  approximate,  // normal, variance corrected for ties
};

struct Wilcoxon {
  std::int64_t n = 0;  // differences that were ranked
  std::int64_t zeros = 0;
  double w_plus = 0.0, w_minus = 0.0;                       // rank sums
  std::optional<double> z;                                  // approximation only
  double p_two_sided = 1.0, p_less = 1.0, p_greater = 1.0;  // greater: differences tend above 0
};

// not_testable no_cases, all_differences_zero; invalid_input non_finite_value, bad_method (exact
// zsplit).
Tested<Wilcoxon> wilcoxon(std::span<const double> differences, ZeroRule zeros = ZeroRule::pratt,
                          RankMethod method = RankMethod::automatic, bool continuity = true);

// Hodges-Lehmann estimate of the centre: median of the means of all pairs, each value with itself
// too. Time and memory grow with n^2; not_testable too_many_cases beyond 10,000.
Tested<double> hodges_lehmann(std::span<const double> differences);

}  // namespace llmops::stats
