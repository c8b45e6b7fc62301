#pragma once
// Two one-sided t tests against a margin (Schuirmann 1987). difference = candidate - baseline.

#include <span>

#include "ci/stats/moments.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

struct Tost {
  double t_noninferior = 0.0, p_noninferior = 1.0;    // null: mean difference <= -margin
  double t_not_superior = 0.0, p_not_superior = 1.0;  // null: mean difference >= +margin
  double p_equivalent = 1.0;                          // the larger of the two
  Interval interval;                                  // two-sided at 1 - 2 alpha
};

// Refusals of t_one_sample; invalid_input bad_margin, bad_alpha (alpha below 0.5).
Tested<Tost> tost_paired(const Moments& differences, double margin, double alpha = 0.05);
Tested<Tost> tost_paired(std::span<const double> baseline, std::span<const double> candidate,
                         double margin, double alpha = 0.05);

}  // namespace llmops::stats
