#include "ci/stats/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/ranks.h"

namespace llmops::stats {
namespace {

constexpr std::size_t kMostExact = 50;

std::size_t doubled(double rank) { return static_cast<std::size_t>(std::llround(2.0 * rank)); }

// Distribution of the candidate's rank sum over all ways to pick `size` of the ranks: ways[k][s]
// counts picks of k ranks whose doubled sum is s.
void exact(MannWhitney& r, const std::vector<double>& ranks, std::size_t size, double rank_sum) {
  std::size_t total = 0;
  for (const double rank : ranks) total += doubled(rank);
  std::vector<std::vector<double>> ways(size + 1, std::vector<double>(total + 1, 0.0));
  ways[0][0] = 1.0;
  for (const double rank : ranks) {
    const std::size_t step = doubled(rank);
    for (std::size_t k = size; k > 0; --k)
      for (std::size_t s = total; s >= step; --s) ways[k][s] += ways[k - 1][s - step];
  }
  const std::size_t observed = doubled(rank_sum);
  double less = 0.0, greater = 0.0, all = 0.0;
  for (std::size_t s = 0; s <= total; ++s) {
    const double count = ways[size][s];
    all += count;
    if (s <= observed) less += count;
    if (s >= observed) greater += count;
  }
  r.p_less = less / all;
  r.p_greater = greater / all;
  r.p_two_sided = std::min(1.0, 2.0 * std::min(r.p_less, r.p_greater));
}

void approximate(MannWhitney& r, double n, double m, double tie_term, bool continuity) {
  const double total = n + m;
  const double mean = n * m / 2.0;
  const double sd = std::sqrt(n * m / 12.0 * ((total + 1.0) - tie_term / (total * (total - 1.0))));
  const double half = continuity ? 0.5 : 0.0;
  const double z = (std::max(r.u_candidate, r.u_baseline) - mean - half) / sd;
  r.z = z;
  r.p_two_sided = std::min(1.0, 2.0 * normal_sf(z));
  r.p_greater = normal_sf((r.u_candidate - mean - half) / sd);
  r.p_less = normal_sf((r.u_baseline - mean - half) / sd);
}

}  // namespace

Tested<MannWhitney> mann_whitney(std::span<const double> baseline,
                                 std::span<const double> candidate, RankMethod method,
                                 bool continuity) {
  if (auto refusal = check_finite(baseline)) return *refusal;
  if (auto refusal = check_finite(candidate)) return *refusal;
  if (baseline.empty() || candidate.empty()) return no_cases();
  std::vector<double> all(baseline.begin(), baseline.end());
  all.insert(all.end(), candidate.begin(), candidate.end());
  const Ranks ranks = mid_ranks(all);
  if (ranks.ties.size() == 1)
    return not_testable("all_values_equal", "all values of both arms are equal");

  const auto n = static_cast<double>(baseline.size());
  const auto m = static_cast<double>(candidate.size());
  double rank_sum = 0.0;
  for (std::size_t i = baseline.size(); i < all.size(); ++i) rank_sum += ranks.ranks[i];
  MannWhitney r;
  r.u_candidate = rank_sum - m * (m + 1.0) / 2.0;
  r.u_baseline = n * m - r.u_candidate;
  r.probability_of_superiority = r.u_candidate / (n * m);
  r.cliffs_delta = (r.u_candidate - r.u_baseline) / (n * m);
  if (method == RankMethod::exact || (method == RankMethod::automatic && all.size() <= kMostExact))
    exact(r, ranks.ranks, candidate.size(), rank_sum);
  else
    approximate(r, n, m, ranks.tie_term(), continuity);
  return r;
}

}  // namespace llmops::stats
