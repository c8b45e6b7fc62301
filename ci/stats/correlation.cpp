#include "ci/stats/correlation.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"
#include "ci/stats/ranks.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> check(std::span<const double> x, std::span<const double> y) {
  if (auto refusal = check_pairs(x, y)) return refusal;
  if (x.empty()) return no_cases();
  if (x.size() < 2) return fewer_than_two_cases();
  if (moments(x).constant() || moments(y).constant())
    return not_testable("constant_input", "a constant correlates with nothing");
  return std::nullopt;
}

double coefficient(std::span<const double> x, std::span<const double> y) {
  const Moments mx = moments(x), my = moments(y);
  Sum products;
  for (std::size_t i = 0; i < x.size(); ++i)
    products.add((x[i] - mx.mean) / mx.sd * ((y[i] - my.mean) / my.sd));
  const double r = products.value() / static_cast<double>(x.size() - 1);
  // Nearer to 1 than the rounding of the standardised values: a straight line.
  return std::abs(r) > 1.0 - 1e-14 ? std::copysign(1.0, r) : r;
}

}  // namespace

Tested<Correlation> pearson(std::span<const double> x, std::span<const double> y, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check(x, y)) return *refusal;
  Correlation c;
  c.r = coefficient(x, y);
  const auto n = static_cast<double>(x.size());
  const double rest = (1.0 - c.r) * (1.0 + c.r);
  if (x.size() > 2)
    c.p_two_sided =
        rest <= 0.0
            ? 0.0
            : std::min(1.0, 2.0 * t_sf(std::abs(c.r) * std::sqrt((n - 2.0) / rest), n - 2.0));
  if (x.size() > 3) {
    const double half = normal_isf((1.0 - level) / 2.0) / std::sqrt(n - 3.0);
    const double z = std::atanh(c.r);
    c.interval =
        rest <= 0.0 ? Interval{c.r, c.r} : Interval{std::tanh(z - half), std::tanh(z + half)};
  }
  return c;
}

Tested<Correlation> spearman(std::span<const double> x, std::span<const double> y, double level) {
  if (auto refusal = check(x, y)) return *refusal;
  return pearson(mid_ranks(x).ranks, mid_ranks(y).ranks, level);
}

namespace {

// Sums over groups of ties that Kendall's variance needs.
struct Ties {
  double pairs = 0.0;     // t (t-1)/2
  double triples = 0.0;   // t (t-1) (t-2)
  double variance = 0.0;  // t (t-1) (2t+5)
};
Ties ties_of(std::span<const double> values) {
  Ties ties;
  for (const std::int64_t group : mid_ranks(values).ties) {
    const auto t = static_cast<double>(group);
    ties.pairs += t * (t - 1.0) / 2.0;
    ties.triples += t * (t - 1.0) * (t - 2.0);
    ties.variance += t * (t - 1.0) * (2.0 * t + 5.0);
  }
  return ties;
}

}  // namespace

Tested<Kendall> kendall(std::span<const double> x, std::span<const double> y) {
  if (auto refusal = check(x, y)) return *refusal;
  Kendall k;
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      const int sign = ((x[i] < x[j]) - (x[i] > x[j])) * ((y[i] < y[j]) - (y[i] > y[j]));
      k.concordant += sign > 0;
      k.discordant += sign < 0;
    }
  const auto n = static_cast<double>(x.size());
  const double pairs = n * (n - 1.0) / 2.0;
  const Ties tx = ties_of(x), ty = ties_of(y);
  const auto excess = static_cast<double>(k.concordant - k.discordant);
  k.tau_b =
      std::clamp(excess / std::sqrt(pairs - tx.pairs) / std::sqrt(pairs - ty.pairs), -1.0, 1.0);
  if (x.size() > 2) {
    const double m = n * (n - 1.0);
    const double variance = (m * (2.0 * n + 5.0) - tx.variance - ty.variance) / 18.0 +
                            2.0 * tx.pairs * ty.pairs / m +
                            tx.triples * ty.triples / (9.0 * m * (n - 2.0));
    k.z = excess / std::sqrt(variance);
    k.p_two_sided = std::min(1.0, 2.0 * normal_sf(std::abs(*k.z)));
  }
  return k;
}

}  // namespace llmops::stats
