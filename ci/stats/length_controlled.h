#pragma once
// A win rate with the judge's liking for long answers taken out (Dubois et al. 2024, AlpacaEval 2
// LC): logit P(win) = a tanh(z) + b difficulty + c with z the length difference in units of its
// standard deviation; the rate is the mean of P at z = 0.

#include <cstdint>
#include <optional>
#include <span>

#include "ci/stats/agreement.h"
#include "ci/stats/bootstrap.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

struct LengthControlled {
  std::int64_t n = 0;
  double raw = 0.0;       // mean preference
  double raw_se = 0.0;    // standard deviation/sqrt(n)
  Interval raw_interval;  // normal, clipped to [0, 1]
  double controlled = 0.0;
  double se = 0.0;                          // of the refitted resamples
  Interval interval;                        // their percentiles
  double length_effect = 0.0;               // a: above 0 the longer answer is preferred
  std::optional<double> difficulty_effect;  // b, where difficulties are given
  double constant = 0.0;                    // c
  double longer_share = 0.0;                // of the items, how many answers are longer
  // Among pairs more than `kLengthGap` characters apart and decided: how often the longer wins.
  std::optional<AgreementRate> prefers_longer;
  std::int64_t apart = 0;  // such pairs
};

inline constexpr double kLengthGap = 30;  // AlpacaEval's

// `preferences` in [0, 1] for the model (1/2 a tie), `longer_by` characters that its answer is
// longer, `difficulties` one an item or none. Unlike the paper: two or three coefficients of the
// own data with a weak ridge in place of the regularised fit over all models of a leaderboard; the
// error is that of refits over resampled items. not_testable fewer_than_two_cases, equal_lengths;
// invalid_input length_mismatch, non_finite_value, bad_level, out_of_range.
Tested<LengthControlled> length_controlled(std::span<const double> preferences,
                                           std::span<const double> longer_by,
                                           std::span<const double> difficulties = {},
                                           double level = 0.95,
                                           const BootstrapOptions& options = {.resamples = 999});

}  // namespace llmops::stats
