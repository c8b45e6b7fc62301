#include "ci/stats/ratios.h"

#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {

Tested<LogRatio> log_ratio(const Moments& logarithms, double level) {
  const Tested<Guarded> bounds = skew_corrected(logarithms, level);
  if (!bounds) return bounds.refusal();
  const LogRatio r{*bounds, std::exp(bounds->mean), std::exp(bounds->lower),
                   std::exp(bounds->upper)};
  if (auto refusal = check_results({r.geometric_mean_ratio, r.lower_ratio, r.upper_ratio}))
    return *refusal;
  return r;
}

Tested<LogRatio> log_ratio(std::span<const double> baseline, std::span<const double> candidate,
                           double level) {
  if (auto refusal = check_pairs(baseline, candidate)) return *refusal;
  std::vector<double> logarithms(baseline.size());
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    if (baseline[i] <= 0.0 || candidate[i] <= 0.0)
      return not_testable("value_not_positive", "a logarithm needs values above 0");
    const double ratio = candidate[i] / baseline[i];
    logarithms[i] =
        std::isnormal(ratio) ? std::log(ratio) : std::log(candidate[i]) - std::log(baseline[i]);
  }
  return log_ratio(moments(logarithms), level);
}

Tested<RatioOfSums> ratio_of_sums(std::span<const double> baseline,
                                  std::span<const double> candidate, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_pairs(baseline, candidate)) return *refusal;
  if (baseline.empty()) return no_cases();
  const double before = mean(baseline);
  if (before == 0.0) return not_testable("zero_baseline", "the baseline adds up to 0");
  RatioOfSums r;
  r.n = baseline.size();
  r.ratio = mean(candidate) / before;
  if (r.n < 2) return fewer_than_two_cases();
  std::vector<double> residuals(r.n);
  for (std::size_t i = 0; i < r.n; ++i) residuals[i] = candidate[i] - r.ratio * baseline[i];
  const auto n = static_cast<double>(r.n);
  r.se = moments(residuals).sd / (std::sqrt(n) * std::abs(before));
  const double two_sided = t_isf((1.0 - level) / 2.0, n - 1.0) * r.se;
  const double one_sided = t_isf(1.0 - level, n - 1.0) * r.se;
  r.interval = {r.ratio - two_sided, r.ratio + two_sided};
  r.lower_bound = r.ratio - one_sided;
  r.upper_bound = r.ratio + one_sided;
  if (auto refusal = check_results({r.ratio, r.se, r.interval.lower, r.interval.upper, one_sided}))
    return *refusal;
  return r;
}

}  // namespace llmops::stats
