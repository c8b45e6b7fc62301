#include "ci/stats/wilcoxon.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/quantile.h"
#include "ci/stats/ranks.h"

namespace llmops::stats {
namespace {

constexpr std::size_t kMostExact = 50;
constexpr std::size_t kMostPairs = 10000;

// Mid-ranks are multiples of one half; twice the rank is whole.
std::size_t doubled(double rank) { return static_cast<std::size_t>(std::llround(2.0 * rank)); }

// P(sum of the ranks with a positive sign <= w) and P(... >= w) when every sign is a fair coin.
void exact(Wilcoxon& r, const std::vector<double>& ranks) {
  std::size_t total = 0;
  for (const double rank : ranks) total += doubled(rank);
  std::vector<double> probability(total + 1, 0.0);
  probability[0] = 1.0;
  std::size_t reached = 0;
  for (const double rank : ranks) {
    const std::size_t step = doubled(rank);
    reached += step;
    for (std::size_t s = reached + 1; s-- > 0;)
      probability[s] = 0.5 * (probability[s] + (s >= step ? probability[s - step] : 0.0));
  }
  const std::size_t observed = doubled(r.w_plus);
  r.p_less = r.p_greater = 0.0;
  for (std::size_t s = 0; s <= observed; ++s) r.p_less += probability[s];
  for (std::size_t s = total + 1; s-- > observed;) r.p_greater += probability[s];
  r.p_less = std::min(1.0, r.p_less);
  r.p_greater = std::min(1.0, r.p_greater);
  r.p_two_sided = std::min(1.0, 2.0 * std::min(r.p_less, r.p_greater));
}

void approximate(Wilcoxon& r, ZeroRule rule, double tie_term, bool continuity) {
  const auto n = static_cast<double>(r.n);
  const auto zeros = static_cast<double>(r.zeros);
  double mean = n * (n + 1.0) / 4.0;
  double variance = n * (n + 1.0) * (2.0 * n + 1.0);
  if (rule == ZeroRule::pratt) {
    mean -= zeros * (zeros + 1.0) / 4.0;
    variance -= zeros * (zeros + 1.0) * (2.0 * zeros + 1.0);
  }
  const double sd = std::sqrt((variance - tie_term / 2.0) / 24.0);
  const double excess = r.w_plus - mean;
  const double half = continuity ? 0.5 : 0.0;
  const double z = excess == 0.0 ? 0.0 : (excess - std::copysign(half, excess)) / sd;
  r.z = z;
  r.p_two_sided = std::min(1.0, 2.0 * normal_sf(std::abs(z)));
  r.p_less = normal_cdf((excess + half) / sd);
  r.p_greater = normal_sf((excess - half) / sd);
}

}  // namespace

Tested<Wilcoxon> wilcoxon(std::span<const double> differences, ZeroRule rule, RankMethod method,
                          bool continuity) {
  if (auto refusal = check_finite(differences)) return *refusal;
  if (differences.empty()) return no_cases();
  Wilcoxon r;
  r.zeros = std::ranges::count(differences, 0.0);
  std::vector<double> used(differences.begin(), differences.end());
  if (static_cast<std::size_t>(r.zeros) == used.size())
    return not_testable("all_differences_zero", "all differences are zero");
  if (rule == ZeroRule::wilcox) std::erase(used, 0.0);
  r.n = static_cast<std::int64_t>(used.size());
  if (method == RankMethod::automatic)
    method = used.size() <= kMostExact && rule != ZeroRule::zsplit ? RankMethod::exact
                                                                   : RankMethod::approximate;
  if (method == RankMethod::exact && rule == ZeroRule::zsplit)
    return invalid_input("bad_method", "ranks of zeros can only be split in the approximation");

  std::vector<double> sizes(used.size());
  std::ranges::transform(used, sizes.begin(), [](double d) { return std::abs(d); });
  const Ranks ranks = mid_ranks(sizes);
  std::vector<double> kept;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] != 0.0) kept.push_back(ranks.ranks[i]);
    if (used[i] > 0.0) r.w_plus += ranks.ranks[i];
    if (used[i] < 0.0) r.w_minus += ranks.ranks[i];
    if (used[i] == 0.0 && rule == ZeroRule::zsplit) {
      r.w_plus += ranks.ranks[i] / 2.0;
      r.w_minus += ranks.ranks[i] / 2.0;
    }
  }
  if (method == RankMethod::exact) {
    exact(r, kept);
    return r;
  }
  double tie_term = ranks.tie_term();
  if (rule == ZeroRule::pratt) {  // the zeros have left: their group does not count
    const auto zeros = static_cast<double>(r.zeros);
    tie_term -= zeros * (zeros * zeros - 1.0);
  }
  approximate(r, rule, tie_term, continuity);
  return r;
}

Tested<double> hodges_lehmann(std::span<const double> differences) {
  if (auto refusal = check_finite(differences)) return *refusal;
  if (differences.empty()) return no_cases();
  if (differences.size() > kMostPairs)
    return not_testable("too_many_cases", "the estimate needs the means of all pairs of cases");
  std::vector<double> means;
  means.reserve(differences.size() * (differences.size() + 1) / 2);
  for (std::size_t i = 0; i < differences.size(); ++i)
    for (std::size_t j = i; j < differences.size(); ++j)
      means.push_back(std::midpoint(differences[i], differences[j]));
  return quantile_sorted(sorted_copy(means), 0.5);
}

}  // namespace llmops::stats
