#pragma once
// Bootstrap intervals (Efron 1979, 1987). The formulas take the resampled statistics as numbers;
// the functions below them draw resamples, each from its own random stream, so that a result
// depends on the seed alone.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

// Bias-corrected and accelerated bounds at the levels `alphas` (0.025 and 0.975 for a 95%
// interval): z0 = Phi^-1(prop_less), a = sum(jbar-j)^3/(6 (sum(jbar-j)^2)^1.5), levels Phi(z0 +
// (z0+z)/(1-a(z0+z))), type-7 quantiles of the resampled statistics.
struct Bca {
  double prop_less = 0.5;    // (#less + half #equal)/B, equal within 1e-12 max(1, |theta|)
  std::optional<double> z0;  // absent: all resamples on one side, `bounds` are percentile bounds
  double acceleration = 0.0;
  std::vector<double> adjusted_levels;  // empty where z0 is absent
  std::vector<double> bounds;           // one for each of `alphas`
};
// `jackknife`: the statistic without each case. not_testable no_resamples; invalid_input
// non_finite_value, bad_probability.
Tested<Bca> bca(double theta, std::span<const double> resamples, std::span<const double> jackknife,
                std::span<const double> alphas);

// Quantiles of the resampled statistics at `alphas`.
Tested<std::vector<double>> percentile_bounds(std::span<const double> resamples,
                                              std::span<const double> alphas);

// 2 theta - quantile at 1 - alpha.
Tested<std::vector<double>> basic_bounds(double theta, std::span<const double> resamples,
                                         std::span<const double> alphas);

// theta - se * quantile at 1 - alpha of the resampled t = (theta* - theta)/se*.
Tested<std::vector<double>> studentized_bounds(double theta, double se,
                                               std::span<const double> t_resamples,
                                               std::span<const double> alphas);

struct BootstrapOptions {
  std::uint64_t stream = 1;
  int resamples = 9999;
};

// Means of resamples of `values` drawn with replacement, in parallel. `values` is not empty and
// finite.
std::vector<double> bootstrap_means(std::span<const double> values,
                                    const BootstrapOptions& options = {});

// Any statistic of drawn cases: it gets the indices of one resample and may be called from several
// threads at once. `cases` > 0.
using ResampleStatistic = std::function<double(std::span<const std::uint32_t> indices)>;
std::vector<double> bootstrap(std::size_t cases, const ResampleStatistic& statistic,
                              const BootstrapOptions& options = {});

// BCa interval of the mean, two-sided at `level`, and the plain percentile interval beside it.
struct BootstrapInterval {
  double estimate = 0.0;
  Interval interval;
  Interval percentile;
  bool bias_corrected =
      true;  // false: z0 was not computable, `interval` is the percentile interval
  int resamples = 0;
};
// not_testable no_cases, fewer_than_two_cases; invalid_input non_finite_value, bad_level,
// bad_resamples.
Tested<BootstrapInterval> bootstrap_mean(std::span<const double> values, double level = 0.95,
                                         const BootstrapOptions& options = {});

}  // namespace llmops::stats
