#include "ci/stats/drift.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "datasets/random.h"

namespace llmops::stats {
namespace {

using Counts = std::span<const std::int64_t>;

std::optional<Refusal> check_counts(Counts baseline, Counts current) {
  if (baseline.size() != current.size())
    return invalid_input("length_mismatch", "both sides need the same bins");
  for (const Counts side : {baseline, current}) {
    std::int64_t total = 0;
    for (const std::int64_t count : side) {
      if (count < 0) return invalid_input("negative_count", "a count is never negative");
      total += count;
    }
    if (total == 0) return no_cases();
  }
  return std::nullopt;
}

double total_of(Counts counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
}

double surprise(double share, double middle) {
  return share > 0.0 ? share * std::log2(share / middle) : 0.0;
}

}  // namespace

Tested<double> population_stability(Counts baseline, Counts current, Smoothing smoothing,
                                    double eps) {
  if (auto refusal = check_counts(baseline, current)) return *refusal;
  if (!(eps > 0.0)) return invalid_input("bad_smoothing", "smoothing needs a constant above 0");
  const auto bins = static_cast<double>(baseline.size());
  const auto share = [&](std::int64_t count, double total) {
    const auto c = static_cast<double>(count);
    return smoothing == Smoothing::clamp ? std::max(c / total, eps)
                                         : (c + eps) / (total + bins * eps);
  };
  const double before = total_of(baseline), now = total_of(current);
  double psi = 0.0;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const double b = share(baseline[i], before), c = share(current[i], now);
    psi += (c - b) * std::log(c / b);
  }
  return psi;
}

Tested<double> population_stability_of_values(std::span<const double> baseline,
                                              std::span<const double> current) {
  if (auto refusal = check_finite(baseline)) return *refusal;
  if (auto refusal = check_finite(current)) return *refusal;
  if (baseline.empty() || current.empty()) return no_cases();
  const std::vector<double> sorted = sorted_copy(baseline);
  std::vector<double> edges;
  for (int i = 1; i < 10; ++i) edges.push_back(quantile_sorted(sorted, i / 10.0));
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  const auto counts = [&](std::span<const double> values) {
    std::vector<std::int64_t> bins(edges.size() + 1);
    for (const double x : values)
      ++bins[static_cast<std::size_t>(std::ranges::lower_bound(edges, x) - edges.begin())];
    return bins;
  };
  return population_stability(counts(baseline), counts(current));
}

Tested<CategoryDrift> jensen_shannon(Counts baseline, Counts current) {
  if (auto refusal = check_counts(baseline, current)) return *refusal;
  const double before = total_of(baseline), now = total_of(current);
  CategoryDrift r;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const double b = static_cast<double>(baseline[i]) / before;
    const double c = static_cast<double>(current[i]) / now;
    r.divergence_bits += (surprise(b, (b + c) / 2.0) + surprise(c, (b + c) / 2.0)) / 2.0;
    r.total_variation += std::abs(b - c) / 2.0;
  }
  r.divergence_bits = std::clamp(r.divergence_bits, 0.0, 1.0);
  r.distance = std::sqrt(r.divergence_bits);
  return r;
}

namespace {

constexpr double kMostExact = 1e4;

// P(sup |B| > x) of the Brownian bridge; each series where it converges fast (Marsaglia, Tsang &
// Wang 2003).
double kolmogorov_sf(double x) {
  if (x <= 0.0) return 1.0;
  if (x < 1.18) {
    const double y = std::exp(-std::numbers::pi * std::numbers::pi / (8.0 * x * x));
    const double series = y + std::pow(y, 9) + std::pow(y, 25) + std::pow(y, 49);
    return 1.0 - std::sqrt(2.0 * std::numbers::pi) / x * series;
  }
  double sum = 0.0, sign = 1.0;
  for (int k = 1; k <= 20; ++k, sign = -sign) sum += sign * std::exp(-2.0 * k * k * x * x);
  return std::clamp(2.0 * sum, 0.0, 1.0);
}

// P(D >= d): one minus the share of lattice paths from (0,0) to (n,m) that stay nearer than d to
// the diagonal, as probabilities of drawing the merged order step by step (Hodges 1957).
double exact_p(std::int64_t n, std::int64_t m, double d) {
  const auto a = static_cast<double>(n), b = static_cast<double>(m);
  const double limit = d * (1.0 - 1e-12);
  std::vector<double> outside(static_cast<std::size_t>(m) + 1, 0.0);
  // outside[j]: probability that a uniformly drawn path to (i, j) has touched the limit.
  for (std::int64_t i = 0; i <= n; ++i)
    for (std::int64_t j = 0; j <= m; ++j) {
      const auto x = static_cast<double>(i), y = static_cast<double>(j);
      double& here = outside[static_cast<std::size_t>(j)];
      if (std::abs(x / a - y / b) >= limit) {
        here = 1.0;
        continue;
      }
      if (i + j == 0) continue;
      const double left = i == 0 ? 0.0 : here;  // still the value of (i-1, j)
      const double down = j == 0 ? 0.0 : outside[static_cast<std::size_t>(j - 1)];
      here = (x * left + y * down) / (x + y);
    }
  return std::clamp(outside.back(), 0.0, 1.0);
}

}  // namespace

Tested<KolmogorovSmirnov> kolmogorov_smirnov(std::span<const double> baseline,
                                             std::span<const double> current) {
  if (auto refusal = check_finite(baseline)) return *refusal;
  if (auto refusal = check_finite(current)) return *refusal;
  if (baseline.empty() || current.empty()) return no_cases();
  const std::vector<double> b = sorted_copy(baseline), c = sorted_copy(current);
  const auto n = static_cast<double>(b.size()), m = static_cast<double>(c.size());
  KolmogorovSmirnov r;
  std::size_t i = 0, j = 0;
  std::optional<double> last;
  double gap = 0.0;  // F - G between the last value and this one
  Sum area;
  while (i < b.size() || j < c.size()) {
    const double x = j >= c.size() || (i < b.size() && b[i] <= c[j]) ? b[i] : c[j];
    if (last) area.add(std::abs(gap) * (x - *last));
    const std::size_t before = i + j;
    while (i < b.size() && b[i] == x) ++i;
    while (j < c.size() && c[j] == x) ++j;
    if (i + j - before > 1) r.ties = true;
    gap = static_cast<double>(i) / n - static_cast<double>(j) / m;
    r.d = std::max(r.d, std::abs(gap));
    last = x;
  }
  r.wasserstein = area.value();
  if (auto refusal = check_results({r.wasserstein})) return *refusal;
  r.p_asymptotic = kolmogorov_sf(r.d * std::sqrt(n * m / (n + m)));
  if (!r.ties && n * m <= kMostExact)
    r.p_exact =
        exact_p(static_cast<std::int64_t>(b.size()), static_cast<std::int64_t>(c.size()), r.d);
  return r;
}

namespace {

std::optional<Refusal> check_vectors(const Vectors& baseline, const Vectors& current) {
  if (baseline.empty() || current.empty()) return no_cases();
  for (const Vectors* side : {&baseline, &current})
    for (const auto& vector : *side) {
      if (vector.size() != baseline.front().size())
        return invalid_input("length_mismatch", "vectors differ in length");
      if (auto refusal = check_finite(vector)) return refusal;
    }
  return std::nullopt;
}

// 1 - cosine of two sums of vectors (lengths do not matter); nothing where one of them is zero,
// that is below the rounding of the terms it was summed from.
std::optional<double> distance_of_sums(const std::vector<double>& a, const std::vector<double>& b,
                                       double rounding) {
  double ab = 0.0, aa = 0.0, bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (std::sqrt(std::min(aa, bb)) <= rounding) return std::nullopt;
  return std::clamp(1.0 - ab / std::sqrt(aa) / std::sqrt(bb), 0.0, 2.0);
}

void add(std::vector<double>& sum, const std::vector<double>& vector) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += vector[i];
}

struct Pooled {
  std::vector<const std::vector<double>*> vectors;  // baseline first
  std::size_t baseline = 0;
  double rounding = 0.0;
};

Pooled pooled(const Vectors& baseline, const Vectors& current) {
  Pooled p;
  p.baseline = baseline.size();
  double largest = 0.0;
  for (const Vectors* side : {&baseline, &current})
    for (const auto& vector : *side) {
      p.vectors.push_back(&vector);
      for (const double x : vector) largest = std::max(largest, std::abs(x));
    }
  p.rounding = 1e-12 * largest;
  return p;
}

std::optional<double> distance_of(const Pooled& p) {
  std::vector<double> before(p.vectors.front()->size()), now(before.size());
  for (std::size_t i = 0; i < p.vectors.size(); ++i)
    add(i < p.baseline ? before : now, *p.vectors[i]);
  return distance_of_sums(before, now, p.rounding);
}

Refusal zero_centroid() {
  return not_testable("zero_centroid", "a mean vector is zero and has no direction");
}

}  // namespace

Tested<double> centroid_distance(const Vectors& baseline, const Vectors& current) {
  if (auto refusal = check_vectors(baseline, current)) return *refusal;
  const std::optional<double> distance = distance_of(pooled(baseline, current));
  if (!distance) return zero_centroid();
  return *distance;
}

Tested<CentroidDrift> centroid_drift(const Vectors& baseline, const Vectors& current,
                                     std::uint64_t stream, int permutations) {
  const Tested<double> observed = centroid_distance(baseline, current);
  if (!observed) return observed.refusal();
  Pooled p = pooled(baseline, current);
  Random random(stream);
  int extreme = 0;
  for (int r = 0; r < permutations; ++r) {
    for (std::size_t i = 0; i < p.baseline; ++i)
      std::swap(p.vectors[i], p.vectors[i + random.below(p.vectors.size() - i)]);
    const std::optional<double> distance = distance_of(p);
    if (distance && *distance >= *observed * (1.0 - 1e-12)) ++extreme;
  }
  return CentroidDrift{*observed, (1.0 + extreme) / (1.0 + permutations)};
}

}  // namespace llmops::stats
