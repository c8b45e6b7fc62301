#include "ci/stats/t_test.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> untestable_arms(const Moments& baseline, const Moments& candidate,
                                       double level) {
  if (auto refusal = check_level(level)) return refusal;
  if (baseline.n == 0 || candidate.n == 0) return no_cases();
  if (baseline.n < 2 || candidate.n < 2) return fewer_than_two_cases();
  if (baseline.constant() && candidate.constant()) return zero_variance();
  return std::nullopt;
}

Tested<TTest> checked(const TTest& t) {
  if (auto refusal = check_results(
          {t.mean, t.se, t.t, t.interval.lower, t.interval.upper, t.lower_bound, t.upper_bound}))
    return *refusal;
  return t;
}

double variance_of_mean(const Moments& m) { return m.sd / static_cast<double>(m.n) * m.sd; }

using TwoArmTest = Tested<TTest> (*)(const Moments&, const Moments&, double);

Tested<TTest> of_values(TwoArmTest test, std::span<const double> baseline,
                        std::span<const double> candidate, double level) {
  if (auto refusal = check_finite(baseline)) return *refusal;
  if (auto refusal = check_finite(candidate)) return *refusal;
  return test(moments(baseline), moments(candidate), level);
}

}  // namespace

TTest t_from_error(double estimate, double se, double df, double null_value, double level) {
  TTest r;
  r.mean = estimate;
  r.se = se;
  r.df = df;
  r.t = (estimate - null_value) / se;
  r.p_two_sided = std::min(1.0, 2.0 * t_sf(std::abs(r.t), df));
  r.p_less = t_cdf(r.t, df);
  r.p_greater = t_sf(r.t, df);
  const double two_sided = t_isf((1.0 - level) / 2.0, df) * se;
  const double one_sided = t_isf(1.0 - level, df) * se;
  r.interval = {estimate - two_sided, estimate + two_sided};
  r.lower_bound = estimate - one_sided;
  r.upper_bound = estimate + one_sided;
  return r;
}

Tested<TTest> t_one_sample(const Moments& sample, double null_value, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (sample.n == 0) return no_cases();
  if (sample.n < 2) return fewer_than_two_cases();
  if (sample.constant()) return zero_variance();
  const auto n = static_cast<double>(sample.n);
  const double se = sample.sd / std::sqrt(n);
  if (auto refusal = check_results({1.0 / se})) return *refusal;
  return checked(t_from_error(sample.mean, se, n - 1.0, null_value, level));
}

Tested<TTest> t_one_sample(std::span<const double> sample, double null_value, double level) {
  if (auto refusal = check_finite(sample)) return *refusal;
  return t_one_sample(moments(sample), null_value, level);
}

Tested<TTest> t_paired(std::span<const double> baseline, std::span<const double> candidate,
                       double null_value, double level) {
  const Tested<Moments> sample = paired_moments(baseline, candidate);
  if (!sample) return sample.refusal();
  return t_one_sample(*sample, null_value, level);
}

WelchError welch_error(const Moments& baseline, const Moments& candidate) {
  const double b = variance_of_mean(baseline);
  const double c = variance_of_mean(candidate);
  const double share = b / (b + c);  // of the variance, so that the squares below cannot overflow
  const double df = 1.0 / (share * share / static_cast<double>(baseline.n - 1) +
                           (1.0 - share) * (1.0 - share) / static_cast<double>(candidate.n - 1));
  return {std::sqrt(b + c), df};
}

Tested<TTest> t_welch(const Moments& baseline, const Moments& candidate, double level) {
  if (auto refusal = untestable_arms(baseline, candidate, level)) return *refusal;
  const WelchError error = welch_error(baseline, candidate);
  if (auto refusal = check_results({1.0 / error.se, error.df})) return *refusal;
  return checked(t_from_error(candidate.mean - baseline.mean, error.se, error.df, 0.0, level));
}

Tested<TTest> t_welch(std::span<const double> baseline, std::span<const double> candidate,
                      double level) {
  return of_values(&t_welch, baseline, candidate, level);
}

Tested<TTest> t_student(const Moments& baseline, const Moments& candidate, double level) {
  if (auto refusal = untestable_arms(baseline, candidate, level)) return *refusal;
  const auto b = static_cast<double>(baseline.n);
  const auto c = static_cast<double>(candidate.n);
  const double df = b + c - 2.0;
  const double pooled = std::sqrt(((b - 1.0) / df) * baseline.sd * baseline.sd +
                                  ((c - 1.0) / df) * candidate.sd * candidate.sd);
  const double se = pooled * std::sqrt(1.0 / b + 1.0 / c);
  if (auto refusal = check_results({1.0 / se})) return *refusal;
  return checked(t_from_error(candidate.mean - baseline.mean, se, df, 0.0, level));
}

Tested<TTest> t_student(std::span<const double> baseline, std::span<const double> candidate,
                        double level) {
  return of_values(&t_student, baseline, candidate, level);
}

}  // namespace llmops::stats
