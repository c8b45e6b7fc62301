#pragma once
// Mean of a quantity that people measured on n cases and a judge on those and N others, with the
// judge's bias taken out (prediction-powered inference, Angelopoulos et al. 2023, power-tuned
// 2023): estimate = lam mean(yhat_N) + mean(y - lam yhat_n), error^2 = lam^2 var(yhat_N)/N + var(y
// - lam yhat_n)/n.

#include <optional>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct PredictionPowered {
  double lambda = 0.0;  // weight of the judge, in [0, 1]
  double estimate = 0.0;
  double se = 0.0;
  Interval interval;                            // two-sided at `level`
  double lower_bound = 0.0, upper_bound = 0.0;  // one-sided, each at `level`
  double classical = 0.0;                       // mean of the labels alone
  double naive = 0.0;                           // mean of the judge alone, on the unlabelled cases
};

// As in the paper: variances divide by n, normal quantiles. `lambda` absent: the one with the least
// error, cov_n(y, yhat)/((1 + n/N) var_{n-1}(all yhat)), clipped to [0, 1]. not_testable
// no_labeled_cases, no_unlabeled_cases; invalid_input length_mismatch, non_finite_value, bad_level,
// bad_lambda.
Tested<PredictionPowered> prediction_powered(std::span<const double> labels,
                                             std::span<const double> judged,
                                             std::span<const double> judged_unlabeled,
                                             double level = 0.95,
                                             std::optional<double> lambda = std::nullopt);

// For verdicts: variances divide by n - 1, t with n - 1 degrees of freedom, at least 20 labelled
// cases (not_testable too_few_labeled_cases). Hand over differences candidate - baseline to compare
// two runs.
Tested<PredictionPowered> prediction_powered_strict(std::span<const double> labels,
                                                    std::span<const double> judged,
                                                    std::span<const double> judged_unlabeled,
                                                    double level = 0.95);

}  // namespace llmops::stats
