#include "ci/stats/guarded.h"

#include <array>
#include <cmath>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {
namespace {

// Below this the sample counts as symmetric; the formulas then differ by less than their rounding.
constexpr double kNoSkew = 1e-9;

double transformed(double t, double g, double n) {
  return t + g * t * t / 3.0 + g * g * t * t * t / 27.0 + g / (6.0 * n);
}

double transformed_back(double u, double g, double n) {
  const double y = u - g / (6.0 * n);
  if (std::abs(g) < kNoSkew) return y;
  const double w = g * y;
  const double root =
      std::abs(w) < 0.5 ? std::expm1(std::log1p(w) / 3.0) : std::cbrt(1.0 + w) - 1.0;
  return 3.0 / g * root;
}

// `used` varies.
Tested<Guarded> bounds(const Moments& used, double mean, double level, double null_value) {
  const auto n = static_cast<double>(used.n);
  const double df = n - 1.0;
  const double g = used.skewness;
  const double q = t_isf(1.0 - level, df) / std::sqrt(n);
  Guarded r;
  r.mean = mean;
  r.used = used;
  r.lower = used.mean - used.sd * transformed_back(q, g, n);
  r.upper = used.mean - used.sd * transformed_back(-q, g, n);
  if (auto refusal = check_results({r.mean, r.lower, r.upper, used.mean, used.sd, g}))
    return *refusal;
  r.statistic = std::sqrt(n) * transformed((used.mean - null_value) / used.sd, g, n);
  if (auto refusal = check_results({r.statistic})) return *refusal;
  r.p_less = t_cdf(r.statistic, df);
  r.p_greater = t_sf(r.statistic, df);
  return r;
}

Tested<Guarded> with_ends(const Moments& sample, double lowest, double highest, double level,
                          double null_value) {
  if (auto refusal = check_level(level)) return *refusal;
  if (sample.n == 0) return no_cases();
  return bounds(with_values(sample, std::array{lowest, highest}), sample.mean, level, null_value);
}

std::optional<Refusal> check_within(const Moments& sample, double lowest, double highest) {
  if (sample.n == 0 || (sample.min >= lowest && sample.max <= highest)) return std::nullopt;
  return invalid_input("value_outside_range", "a value lies outside the declared range");
}

std::optional<Refusal> check_within(std::span<const double> values, double lowest, double highest) {
  if (auto refusal = check_finite(values)) return refusal;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] < lowest || values[i] > highest)
      return invalid_input("value_outside_range",
                           "value " + std::to_string(i + 1) + " lies outside the declared range",
                           i);
  return std::nullopt;
}

}  // namespace

Tested<Guarded> guarded(const Moments& differences, double range, double level, double null_value) {
  if (auto refusal = check_range(range)) return *refusal;
  if (auto refusal = check_within(differences, -range, range)) return *refusal;
  return with_ends(differences, -range, range, level, null_value);
}

Tested<Guarded> guarded(std::span<const double> differences, double range, double level,
                        double null_value) {
  if (auto refusal = check_range(range)) return *refusal;
  if (auto refusal = check_within(differences, -range, range)) return *refusal;
  return with_ends(moments(differences), -range, range, level, null_value);
}

Tested<Guarded> guarded_mean(const Moments& scores, double lowest, double highest, double level,
                             double null_value) {
  if (auto refusal = check_scale(lowest, highest)) return *refusal;
  if (auto refusal = check_within(scores, lowest, highest)) return *refusal;
  return with_ends(scores, lowest, highest, level, null_value);
}

Tested<Guarded> guarded_mean(std::span<const double> scores, double lowest, double highest,
                             double level, double null_value) {
  if (auto refusal = check_scale(lowest, highest)) return *refusal;
  if (auto refusal = check_within(scores, lowest, highest)) return *refusal;
  return with_ends(moments(scores), lowest, highest, level, null_value);
}

Tested<Guarded> guarded_unchecked(const Moments& differences, double range, double level,
                                  double null_value) {
  if (auto refusal = check_range(range)) return *refusal;
  return with_ends(differences, -range, range, level, null_value);
}

Tested<Guarded> skew_corrected(const Moments& differences, double level, double null_value) {
  if (auto refusal = check_level(level)) return *refusal;
  if (differences.n == 0) return no_cases();
  if (differences.n < 2) return fewer_than_two_cases();
  if (differences.constant()) return zero_variance();
  return bounds(differences, differences.mean, level, null_value);
}

Tested<Guarded> skew_corrected(std::span<const double> differences, double level,
                               double null_value) {
  if (auto refusal = check_finite(differences)) return *refusal;
  return skew_corrected(moments(differences), level, null_value);
}

}  // namespace llmops::stats
