#include "ci/stats/descriptive.h"

#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"

namespace llmops::stats {

Tested<Description> describe(std::span<const double> values) {
  if (auto refusal = check_finite(values)) return *refusal;
  if (values.empty()) return no_cases();
  const Moments m = moments(values);
  const std::vector<double> sorted = sorted_copy(values);
  Description d;
  d.n = m.n;
  d.mean = m.mean;
  if (m.n >= 2) {
    d.sd = m.sd;
    d.skewness = m.skewness;
    if (std::isfinite(m.sd * m.sd)) d.variance = m.sd * m.sd;
  }

  d.min = sorted.front();
  d.q05 = quantile_sorted(sorted, 0.05);
  d.q25 = quantile_sorted(sorted, 0.25);
  d.median = quantile_sorted(sorted, 0.5);
  d.q75 = quantile_sorted(sorted, 0.75);
  d.q90 = quantile_sorted(sorted, 0.9);
  d.q95 = quantile_sorted(sorted, 0.95);
  d.q99 = quantile_sorted(sorted, 0.99);
  d.max = sorted.back();
  return d;
}

}  // namespace llmops::stats
