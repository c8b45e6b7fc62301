#include "ci/stats/latency_split.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "ci/stats/shapley.h"

namespace llmops::stats {
namespace {

double latency(const LatencyFactors& b, const LatencyFactors& c, unsigned exchanged) {
  const auto factor = [&](unsigned i) { return (exchanged >> i & 1U) != 0 ? c[i] : b[i]; };
  return factor(0) + factor(1) * factor(2) + factor(3) + (factor(4) - 1.0) * factor(5);
}

template <class Statistic>
Tested<LatencySplit> split(std::span<const LatencyFactors> baseline,
                           std::span<const LatencyFactors> candidate, Statistic statistic) {
  if (baseline.size() != candidate.size())
    return invalid_input("length_mismatch", "both runs must hold the same cases");
  for (std::size_t i = 0; i < baseline.size(); ++i)
    if (check_finite(baseline[i]) || check_finite(candidate[i]))
      return invalid_input("non_finite_value", "a part of a latency is not a finite number", i);
  if (baseline.empty()) return no_cases();

  LatencySplit r;
  std::vector<double> times(baseline.size());
  const std::vector<double> parts = shapley(kLatencyFactors, [&](unsigned exchanged) {
    for (std::size_t i = 0; i < times.size(); ++i)
      times[i] = latency(baseline[i], candidate[i], exchanged);
    const double value = statistic(times);
    if (exchanged == 0) r.baseline = value;
    if (exchanged + 1 == 1U << kLatencyFactors) r.candidate = value;
    return value;
  });
  r.change = r.candidate - r.baseline;
  std::ranges::copy(parts, r.contribution.begin());
  return r;
}

}  // namespace

Tested<LatencySplit> split_mean_latency(std::span<const LatencyFactors> baseline,
                                        std::span<const LatencyFactors> candidate) {
  return split(baseline, candidate, [](const std::vector<double>& times) { return mean(times); });
}

Tested<LatencySplit> split_latency_quantile(std::span<const LatencyFactors> baseline,
                                            std::span<const LatencyFactors> candidate, double p) {
  if (!(p >= 0.0 && p <= 1.0))
    return invalid_input("bad_probability", "a quantile's probability lies between 0 and 1");
  return split(baseline, candidate, [p](const std::vector<double>& times) {
    return quantile_sorted(sorted_copy(times), p);
  });
}

Tested<LatencyRatio> ratio_of_medians(std::span<const double> baseline,
                                      std::span<const double> candidate) {
  const Tested<double> before = quantile(baseline, 0.5), now = quantile(candidate, 0.5);
  if (!before) return before.refusal();
  if (!now) return now.refusal();
  if (*before == 0.0)
    return not_testable("zero_baseline_median", "the median of the baseline is 0");
  LatencyRatio r;
  r.ratio = *now / *before;
  if (auto refusal = check_results({r.ratio})) return *refusal;
  if (baseline.size() != candidate.size()) return r;
  MeanPass logarithms;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    if (baseline[i] <= 0.0 || candidate[i] <= 0.0) return r;
    logarithms.add(std::log(candidate[i]) - std::log(baseline[i]));
  }
  r.mean_log_ratio = logarithms.mean();
  return r;
}

}  // namespace llmops::stats
