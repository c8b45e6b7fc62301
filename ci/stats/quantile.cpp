#include "ci/stats/quantile.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"

namespace llmops::stats {

double quantile_sorted(std::span<const double> sorted, double p) {
  const double h = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(h);
  if (below + 1 >= sorted.size()) return sorted.back();
  return std::lerp(sorted[below], sorted[below + 1], h - static_cast<double>(below));
}

Tested<double> quantile(std::span<const double> values, double p) {
  if (!(p >= 0.0 && p <= 1.0))
    return invalid_input("bad_probability", "a quantile's probability lies between 0 and 1");
  if (auto refusal = check_finite(values)) return *refusal;
  if (values.empty()) return no_cases();
  return quantile_sorted(sorted_copy(values), p);
}

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace llmops::stats
