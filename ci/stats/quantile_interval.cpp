#include "ci/stats/quantile_interval.h"

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/quantile.h"

namespace llmops::stats {
namespace {

// How many of the ranks 1..n satisfy a condition that holds from the first rank up to some rank.
template <class Holds>
std::int64_t last_rank(std::int64_t n, Holds holds) {
  std::int64_t low = 0, high = n + 1;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace

Tested<QuantileRanks> quantile_ranks(std::int64_t n, double p, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (!(p > 0.0 && p < 1.0))
    return invalid_input("bad_probability", "a quantile's probability lies between 0 and 1");
  if (n < 0) return invalid_input("negative_count", "a count is never negative");
  if (n == 0) return no_cases();
  const double tail = (1.0 - level) / 2.0;
  const std::int64_t l =
      last_rank(n, [&](std::int64_t rank) { return binomial_cdf(rank - 1, n, p) <= tail; });
  const std::int64_t u =
      1 + last_rank(n, [&](std::int64_t rank) { return binomial_sf(rank - 1, n, p) > tail; });
  QuantileRanks r;
  if (l >= 1) r.lower = l;
  if (u <= n) r.upper = u;
  r.coverage = 1.0 - (r.lower ? binomial_cdf(l - 1, n, p) : 0.0) -
               (r.upper ? binomial_sf(u - 1, n, p) : 0.0);
  return r;
}

Tested<QuantileInterval> quantile_interval(std::span<const double> values, double p, double level) {
  if (auto refusal = check_finite(values)) return *refusal;
  const Tested<QuantileRanks> ranks =
      quantile_ranks(static_cast<std::int64_t>(values.size()), p, level);
  if (!ranks) return ranks.refusal();
  const std::vector<double> sorted = sorted_copy(values);
  const auto at = [&](std::optional<std::int64_t> rank) -> std::optional<double> {
    if (!rank) return std::nullopt;
    return sorted[static_cast<std::size_t>(*rank - 1)];
  };
  return QuantileInterval{quantile_sorted(sorted, p), at(ranks->lower), at(ranks->upper), *ranks};
}

}  // namespace llmops::stats
