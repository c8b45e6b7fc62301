#include "ci/stats/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "datasets/parallel.h"
#include "datasets/random.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> check(std::span<const double> resamples, std::span<const double> alphas) {
  if (auto refusal = check_finite(resamples)) return refusal;
  for (const double alpha : alphas)
    if (!(alpha > 0.0 && alpha < 1.0))
      return invalid_input("bad_probability", "the level of a bound lies between 0 and 1");
  if (resamples.empty()) return not_testable("no_resamples", "there are no resamples");
  return std::nullopt;
}

double acceleration_of(std::span<const double> jackknife) {
  const double centre = mean(jackknife);
  Sum cubes, squares;
  for (const double j : jackknife) {
    const double d = centre - j;
    cubes.add(d * d * d);
    squares.add(d * d);
  }
  const double scale = std::pow(squares.value(), 1.5);
  return scale > 0.0 ? cubes.value() / (6.0 * scale) : 0.0;
}

}  // namespace

Tested<Bca> bca(double theta, std::span<const double> resamples, std::span<const double> jackknife,
                std::span<const double> alphas) {
  if (auto refusal = check(resamples, alphas)) return *refusal;
  if (auto refusal = check_finite(jackknife)) return *refusal;
  const double tie = 1e-12 * std::max(1.0, std::abs(theta));
  double less = 0.0;
  for (const double x : resamples) less += std::abs(x - theta) <= tie ? 0.5 : x < theta ? 1.0 : 0.0;
  Bca r;
  r.prop_less = less / static_cast<double>(resamples.size());
  r.acceleration = acceleration_of(jackknife);
  const std::vector<double> sorted = sorted_copy(resamples);
  const bool two_sides = r.prop_less > 0.0 && r.prop_less < 1.0;
  if (two_sides) r.z0 = normal_quantile(r.prop_less);
  for (const double alpha : alphas) {
    double level = alpha;
    if (two_sides) {
      const double shifted = *r.z0 + normal_quantile(alpha);
      const double rest = 1.0 - r.acceleration * shifted;
      // Past the pole of the transformation the level is the nearest end.
      level = rest > 0.0 ? normal_cdf(*r.z0 + shifted / rest) : shifted > 0.0 ? 1.0 : 0.0;
      r.adjusted_levels.push_back(level);
    }
    r.bounds.push_back(quantile_sorted(sorted, level));
  }
  return r;
}

Tested<std::vector<double>> percentile_bounds(std::span<const double> resamples,
                                              std::span<const double> alphas) {
  if (auto refusal = check(resamples, alphas)) return *refusal;
  const std::vector<double> sorted = sorted_copy(resamples);
  std::vector<double> bounds;
  for (const double alpha : alphas) bounds.push_back(quantile_sorted(sorted, alpha));
  return bounds;
}

Tested<std::vector<double>> basic_bounds(double theta, std::span<const double> resamples,
                                         std::span<const double> alphas) {
  if (auto refusal = check(resamples, alphas)) return *refusal;
  const std::vector<double> sorted = sorted_copy(resamples);
  std::vector<double> bounds;
  for (const double alpha : alphas)
    bounds.push_back(2.0 * theta - quantile_sorted(sorted, 1.0 - alpha));
  return bounds;
}

Tested<std::vector<double>> studentized_bounds(double theta, double se,
                                               std::span<const double> t_resamples,
                                               std::span<const double> alphas) {
  if (auto refusal = check(t_resamples, alphas)) return *refusal;
  const std::vector<double> sorted = sorted_copy(t_resamples);
  std::vector<double> bounds;
  for (const double alpha : alphas)
    bounds.push_back(theta - se * quantile_sorted(sorted, 1.0 - alpha));
  return bounds;
}

namespace {

// Two indices below `bound` from one random word: multiply-high of its halves, with rejection
// (Lemire 2019), so that every index is equally likely. bound <= 2^32 - 1.
class IndexPairs {
 public:
  IndexPairs(Random random, std::uint32_t bound)
      : random_(random), bound_(bound), threshold_((0U - bound) % bound) {}

  std::array<std::uint32_t, 2> next() {
    const std::uint64_t word = random_.next();
    return {index(static_cast<std::uint32_t>(word)), index(static_cast<std::uint32_t>(word >> 32))};
  }

 private:
  std::uint32_t index(std::uint32_t half) {
    std::uint64_t product = std::uint64_t{half} * bound_;
    while (static_cast<std::uint32_t>(product) < threshold_)
      [[unlikely]] product = (random_.next() >> 32) * bound_;
    return static_cast<std::uint32_t>(product >> 32);
  }

  Random random_;
  std::uint32_t bound_, threshold_;
};

double resampled_mean(std::span<const double> values, std::uint64_t stream, std::uint64_t number) {
  const auto n = static_cast<std::uint32_t>(values.size());
  IndexPairs pairs(Random(stream, number), n);
  const double* x = values.data();
  std::array<double, 4> sums{};
  std::uint32_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const auto a = pairs.next(), b = pairs.next();
    sums[0] += x[a[0]];
    sums[1] += x[a[1]];
    sums[2] += x[b[0]];
    sums[3] += x[b[1]];
  }
  for (; i < n; i += 2) {
    const auto a = pairs.next();
    sums[0] += x[a[0]];
    if (i + 1 < n) sums[1] += x[a[1]];
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) / static_cast<double>(n);
}

template <class Body>
void for_each_resample(int resamples, Body body) {
  parallel_for(
      static_cast<std::size_t>(resamples), [&](std::size_t r) { body(static_cast<int>(r)); }, 16);
}

}  // namespace

std::vector<double> bootstrap_means(std::span<const double> values,
                                    const BootstrapOptions& options) {
  std::vector<double> means(static_cast<std::size_t>(options.resamples));
  for_each_resample(options.resamples, [&](int r) {
    means[static_cast<std::size_t>(r)] =
        resampled_mean(values, options.stream, static_cast<std::uint64_t>(r));
  });
  return means;
}

std::vector<double> bootstrap(std::size_t cases, const ResampleStatistic& statistic,
                              const BootstrapOptions& options) {
  std::vector<double> results(static_cast<std::size_t>(options.resamples));
  for_each_resample(options.resamples, [&](int r) {
    IndexPairs pairs(Random(options.stream, static_cast<std::uint64_t>(r)),
                     static_cast<std::uint32_t>(cases));
    std::vector<std::uint32_t> indices(cases);
    for (std::size_t i = 0; i < cases; i += 2) {
      const auto pair = pairs.next();
      indices[i] = pair[0];
      if (i + 1 < cases) indices[i + 1] = pair[1];
    }
    results[static_cast<std::size_t>(r)] = statistic(indices);
  });
  return results;
}

Tested<BootstrapInterval> bootstrap_mean(std::span<const double> values, double level,
                                         const BootstrapOptions& options) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_finite(values)) return *refusal;
  if (values.empty()) return no_cases();
  if (values.size() < 2) return fewer_than_two_cases();
  if (options.resamples < 1)
    return invalid_input("bad_resamples", "a bootstrap needs at least one resample");
  const double estimate = mean(values);
  const std::vector<double> resamples = bootstrap_means(values, options);
  std::vector<double> jackknife(values.size());
  const double rest = static_cast<double>(values.size()) - 1.0;
  for (std::size_t i = 0; i < values.size(); ++i)
    jackknife[i] = estimate + (estimate - values[i]) / rest;
  const std::array alphas{(1.0 - level) / 2.0, (1.0 + level) / 2.0};
  const Tested<Bca> corrected = bca(estimate, resamples, jackknife, alphas);
  if (!corrected) return corrected.refusal();
  const auto plain = percentile_bounds(resamples, alphas);
  BootstrapInterval r;
  r.estimate = estimate;
  r.interval = {corrected->bounds[0], corrected->bounds[1]};
  r.percentile = {(*plain)[0], (*plain)[1]};
  r.bias_corrected = corrected->z0.has_value();
  r.resamples = options.resamples;
  return r;
}

}  // namespace llmops::stats
