#include "ci/stats/effect_size.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"

namespace llmops::stats {
namespace {

// J(df) = Gamma(df/2)/(sqrt(df/2) Gamma((df-1)/2)); 0 for df = 1.
double gamma_correction(double df) {
  if (df <= 1.0) return 0.0;
  return std::exp(log_gamma(df / 2.0) - log_gamma((df - 1.0) / 2.0)) / std::sqrt(df / 2.0);
}

// Absent where the squares behind it leave the range of numbers.
std::optional<double> if_finite(double effect) {
  if (!std::isfinite(effect)) return std::nullopt;
  return effect;
}

// P(c > b) and P(c < b), as counts of pairs.
struct Pairs {
  double above = 0.0, below = 0.0;
};
Pairs compare(std::span<const double> baseline, std::span<const double> candidate) {
  const std::vector<double> sorted = sorted_copy(baseline);
  Pairs pairs;
  for (const double c : candidate) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), c);
    pairs.above += static_cast<double>(first - sorted.begin());
    pairs.below += static_cast<double>(sorted.end() - last);
  }
  return pairs;
}

}  // namespace

Tested<IndependentEffects> independent_effects(std::span<const double> baseline,
                                               std::span<const double> candidate) {
  if (auto refusal = check_finite(baseline)) return *refusal;
  if (auto refusal = check_finite(candidate)) return *refusal;
  if (baseline.empty() || candidate.empty()) return no_cases();
  const Moments b = moments(baseline), c = moments(candidate);
  const double difference = c.mean - b.mean;
  const auto n = static_cast<double>(b.n), m = static_cast<double>(c.n);
  IndependentEffects e;
  const double df = n + m - 2.0;
  if (df >= 1.0 && !(b.constant() && c.constant())) {
    const double pooled = std::sqrt(((n - 1.0) * b.sd * b.sd + (m - 1.0) * c.sd * c.sd) / df);
    e.cohens_d = if_finite(difference / pooled);
    if (df >= 2.0 && e.cohens_d) {
      e.hedges_g = *e.cohens_d * gamma_correction(df);
      e.hedges_g_approx = *e.cohens_d * (1.0 - 3.0 / (4.0 * df - 1.0));
    }
  }
  if (b.n >= 2 && !b.constant()) e.glass_delta = if_finite(difference / b.sd);
  const Pairs pairs = compare(baseline, candidate);
  e.cliffs_delta = (pairs.above - pairs.below) / (n * m);
  e.vargha_delaney_a = (1.0 + e.cliffs_delta) / 2.0;
  return e;
}

Tested<PairedEffects> paired_effects(std::span<const double> baseline,
                                     std::span<const double> candidate) {
  const Tested<Moments> d = paired_moments(baseline, candidate);
  if (!d) return d.refusal();
  if (d->n == 0) return no_cases();
  PairedEffects e;
  for (std::size_t i = 0; i < baseline.size(); ++i)
    ++(candidate[i] > baseline[i] ? e.wins : candidate[i] < baseline[i] ? e.losses : e.ties);
  if (d->n < 2) return e;
  if (!d->constant()) {
    e.dz = if_finite(d->mean / d->sd);
    if (d->n >= 3 && e.dz) e.gz = *e.dz * gamma_correction(static_cast<double>(d->n - 1));
  }
  const Moments b = moments(baseline), c = moments(candidate);
  if (!(b.constant() && c.constant()))
    e.d_av = if_finite(d->mean / (std::hypot(b.sd, c.sd) / std::sqrt(2.0)));
  return e;
}

Tested<double> cohens_h(double p_baseline, double p_candidate) {
  if (!(p_baseline >= 0.0 && p_baseline <= 1.0 && p_candidate >= 0.0 && p_candidate <= 1.0))
    return invalid_input("bad_probability", "a pass rate lies between 0 and 1");
  return 2.0 * std::asin(std::sqrt(p_candidate)) - 2.0 * std::asin(std::sqrt(p_baseline));
}

}  // namespace llmops::stats
