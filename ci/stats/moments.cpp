#include "ci/stats/moments.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"

namespace llmops::stats {
namespace {

// Keeps the sum of 2^63 of the largest doubles finite; scaling by a power of two rounds nothing.
constexpr double kDown = 0x1p-64;
constexpr double kUp = 0x1p64;

double magnitude_of_pair(double baseline, double candidate) {
  return std::max(std::abs(baseline), std::abs(candidate));
}

}  // namespace

void Sum::add(double x) {
  const double next = sum_ + x;
  correction_ += std::abs(sum_) >= std::abs(x) ? (sum_ - next) + x : (x - next) + sum_;
  sum_ = next;
}

void MeanPass::add(double x) { add(x, std::abs(x)); }

void MeanPass::add(double x, double magnitude) {
  min_ = n_ == 0 ? x : std::min(min_, x);
  max_ = n_ == 0 ? x : std::max(max_, x);
  magnitude_ = std::max({magnitude_, magnitude, std::abs(x)});
  sum_.add(x * kDown);
  ++n_;
}

double MeanPass::mean() const {
  return n_ == 0 ? 0.0 : sum_.value() / static_cast<double>(n_) * kUp;
}

SpreadPass::SpreadPass(const MeanPass& first) {
  known_.n = first.n_;
  known_.mean = first.mean();
  known_.min = first.min_;
  known_.max = first.max_;
  known_.magnitude = first.magnitude_;
  const double largest = std::max(std::abs(first.min_), std::abs(first.max_));
  if (largest > 0.0) scale_ = std::ldexp(1.0, -std::clamp(std::ilogb(largest), -1000, 1000));
}

void SpreadPass::add(double x) {
  const double d = x * scale_ - known_.mean * scale_;
  first_.add(d);
  second_.add(d * d);
  third_.add(d * d * d);
}

Moments SpreadPass::moments() const {
  Moments result = known_;
  if (result.n < 2) return result;
  const auto n = static_cast<double>(result.n);
  const double offset = first_.value() / n;  // true mean minus the rounded one
  const double m2 = std::max(0.0, second_.value() / n - offset * offset);
  const double m3 =
      third_.value() / n - 3.0 * offset * second_.value() / n + 2.0 * offset * offset * offset;
  result.sd = std::sqrt(m2 * n / (n - 1.0)) / scale_;
  if (result.n >= 3 && m2 > 0.0 && !result.constant()) result.skewness = m3 / (m2 * std::sqrt(m2));
  return result;
}

Moments moments(std::span<const double> values) {
  MeanPass first;
  for (const double x : values) first.add(x);
  SpreadPass second(first);
  for (const double x : values) second.add(x);
  return second.moments();
}

Tested<Moments> paired_moments(std::span<const double> baseline,
                               std::span<const double> candidate) {
  if (auto refusal = check_pairs(baseline, candidate)) return *refusal;
  MeanPass first;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const double d = candidate[i] - baseline[i];
    if (!std::isfinite(d))
      return invalid_input("non_finite_value", "a difference leaves the range of numbers", i);
    first.add(d, magnitude_of_pair(baseline[i], candidate[i]));
  }
  SpreadPass second(first);
  for (std::size_t i = 0; i < baseline.size(); ++i) second.add(candidate[i] - baseline[i]);
  return second.moments();
}

Tested<std::vector<double>> differences(std::span<const double> baseline,
                                        std::span<const double> candidate) {
  if (auto refusal = check_pairs(baseline, candidate)) return *refusal;
  std::vector<double> result(baseline.size());
  for (std::size_t i = 0; i < baseline.size(); ++i) result[i] = candidate[i] - baseline[i];
  if (auto refusal = check_finite(result)) return *refusal;
  return result;
}

Moments with_values(const Moments& sample, std::span<const double> added) {
  Moments result = sample;
  auto n = static_cast<double>(sample.n);
  double m2 = sample.n < 2 ? 0.0 : sample.sd * sample.sd * (n - 1.0);  // sum of squared deviations
  double m3 = sample.n < 3 ? 0.0 : sample.skewness * m2 * std::sqrt(m2 / n);
  for (const double x : added) {
    const double total = n + 1.0;
    const double delta = x - result.mean;
    const double step = delta / total;
    m3 += delta * step * step * n * (n - 1.0) - 3.0 * step * m2;
    m2 += delta * step * n;
    result.mean += step;
    result.min = result.n == 0 ? x : std::min(result.min, x);
    result.max = result.n == 0 ? x : std::max(result.max, x);
    result.magnitude = std::max(result.magnitude, std::abs(x));
    ++result.n;
    n = total;
  }
  result.sd = result.n < 2 ? 0.0 : std::sqrt(m2 / (n - 1.0));
  result.skewness = result.n < 3 || result.constant() ? 0.0 : m3 / n / std::pow(m2 / n, 1.5);
  return result;
}

double mean(std::span<const double> values) {
  MeanPass pass;
  for (const double x : values) pass.add(x);
  return pass.mean();
}

double variance(std::span<const double> values) {
  const double sd = moments(values).sd;
  return sd * sd;
}

}  // namespace llmops::stats
