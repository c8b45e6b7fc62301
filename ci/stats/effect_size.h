#pragma once
// Standardised effects. An effect whose spread is zero is absent.

#include <cstdint>
#include <optional>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct IndependentEffects {
  std::optional<double> cohens_d;         // difference of means over the pooled sd (Cohen 1988)
  std::optional<double> hedges_g;         // d times the exact gamma correction (Hedges 1981)
  std::optional<double> hedges_g_approx;  // d (1 - 3/(4 df - 1))
  std::optional<double> glass_delta;      // over the sd of the baseline
  double cliffs_delta = 0.0;              // P(c > b) - P(c < b), in [-1, 1] (Cliff 1993)
  double vargha_delaney_a = 0.5;          // P(c > b) + P(c = b)/2
};
// not_testable no_cases; invalid_input non_finite_value.
Tested<IndependentEffects> independent_effects(std::span<const double> baseline,
                                               std::span<const double> candidate);

struct PairedEffects {
  std::optional<double> dz;    // mean difference over the sd of the differences
  std::optional<double> gz;    // dz with the gamma correction for n - 1 df
  std::optional<double> d_av;  // over the root mean square of both sds (Lakens 2013)
  std::int64_t wins = 0, losses = 0, ties = 0;  // of the candidate
};
// invalid_input length_mismatch too.
Tested<PairedEffects> paired_effects(std::span<const double> baseline,
                                     std::span<const double> candidate);

// Cohen's h = 2 asin sqrt(p_candidate) - 2 asin sqrt(p_baseline). invalid_input bad_probability.
Tested<double> cohens_h(double p_baseline, double p_candidate);

}  // namespace llmops::stats
