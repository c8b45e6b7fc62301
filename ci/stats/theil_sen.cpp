#include "ci/stats/theil_sen.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/quantile.h"

namespace llmops::stats {
namespace {

constexpr std::size_t kMostPoints = 400;

// n (n - 1)(2n + 5)/18 less the same of every group of equal x.
double kendall_variance(std::vector<double> x) {
  const auto term = [](double n) { return n * (n - 1) * (2 * n + 5) / 18; };
  std::ranges::sort(x);
  double variance = term(static_cast<double>(x.size()));
  for (std::size_t from = 0; from < x.size();) {
    std::size_t to = from;
    while (to < x.size() && x[to] == x[from]) ++to;
    variance -= term(static_cast<double>(to - from));
    from = to;
  }
  return variance;
}

}  // namespace

Tested<Slope> theil_sen(std::span<const double> x, std::span<const double> y, double level) {
  if (x.size() != y.size()) return invalid_input("length_mismatch", "x and y differ in length");
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_finite(x)) return *refusal;
  if (auto refusal = check_finite(y)) return *refusal;
  if (x.empty()) return no_cases();
  const std::size_t step = (x.size() + kMostPoints - 1) / kMostPoints;
  std::vector<double> taken, slopes;
  for (std::size_t i = 0; i < x.size(); i += step) {
    taken.push_back(x[i]);
    for (std::size_t j = i + step; j < x.size(); j += step)
      if (x[i] != x[j]) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
  }
  if (slopes.empty()) return not_testable("constant_x", "x does not vary");
  std::ranges::sort(slopes);
  const auto pairs = static_cast<double>(slopes.size());
  const double reach = normal_isf((1 - level) / 2) * std::sqrt(kendall_variance(taken));
  const auto at = [&](double rank) {  // ranks count from 1
    return slopes[static_cast<std::size_t>(std::clamp(rank, 1.0, pairs)) - 1];
  };
  return Slope{
      .slope = quantile_sorted(slopes, 0.5),
      .interval = {at(std::floor((pairs - reach) / 2)), at(std::ceil((pairs + reach) / 2) + 1)}
  };
}

}  // namespace llmops::stats
