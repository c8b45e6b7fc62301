#include "ci/stats/two_proportions.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/binomial_interval.h"
#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> check(Proportion baseline, Proportion candidate) {
  if (auto refusal = check_successes(baseline.k, baseline.n)) return refusal;
  return check_successes(candidate.k, candidate.n);
}

Interval hybrid(Proportion baseline, Proportion candidate, double z) {
  const auto limits = [z](Proportion p) {
    return wilson_limits(static_cast<double>(p.k), static_cast<double>(p.n), z);
  };
  const Interval b = limits(baseline), c = limits(candidate);
  const double before = baseline.rate(), after = candidate.rate();
  const double difference = after - before;
  return {difference - std::hypot(after - c.lower, b.upper - before),
          difference + std::hypot(c.upper - after, before - b.lower)};
}

}  // namespace

Tested<Interval> newcombe(Proportion baseline, Proportion candidate, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check(baseline, candidate)) return *refusal;
  return hybrid(baseline, candidate, normal_isf((1.0 - level) / 2.0));
}

Tested<Interval> newcombe_bounds(Proportion baseline, Proportion candidate, double level) {
  if (!(level > 0.5 && level < 1.0))
    return invalid_input("bad_level", "a one-sided confidence level lies between 0.5 and 1");
  if (auto refusal = check(baseline, candidate)) return *refusal;
  return hybrid(baseline, candidate, normal_isf(1.0 - level));
}

Tested<Interval> agresti_caffo(Proportion baseline, Proportion candidate, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check(baseline, candidate)) return *refusal;
  const Proportion b{baseline.k + 1, baseline.n + 2}, c{candidate.k + 1, candidate.n + 2};
  const auto variance = [](Proportion p) {
    return p.rate() * (1.0 - p.rate()) / static_cast<double>(p.n);
  };
  const double difference = c.rate() - b.rate();
  const double half = normal_isf((1.0 - level) / 2.0) * std::sqrt(variance(b) + variance(c));
  return Interval{difference - half, difference + half};
}

Tested<ZTest> pooled_z(Proportion baseline, Proportion candidate) {
  if (auto refusal = check(baseline, candidate)) return *refusal;
  const Proportion pooled{baseline.k + candidate.k, baseline.n + candidate.n};
  if (pooled.k == 0 || pooled.k == pooled.n) return zero_variance();
  const double variance =
      pooled.rate() * (1.0 - pooled.rate()) *
      (1.0 / static_cast<double>(baseline.n) + 1.0 / static_cast<double>(candidate.n));
  const double z = (candidate.rate() - baseline.rate()) / std::sqrt(variance);
  return ZTest{z, std::min(1.0, 2.0 * normal_sf(std::abs(z))), normal_cdf(z), normal_sf(z)};
}

}  // namespace llmops::stats
