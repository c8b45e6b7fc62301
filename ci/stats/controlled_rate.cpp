#include "ci/stats/controlled_rate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace llmops::stats {
namespace {

// Weak enough to move nothing that the data tell, strong enough that a judge who always prefers the
// longer answer has a finite fit.
constexpr double kRidge = 0.01;
constexpr int kMostSteps = 50;

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

}  // namespace

ControlledRate::ControlledRate(std::vector<ControlledItem> items, std::size_t covariates,
                               bool difficulty)
    : items_(std::move(items)),
      covariates_(covariates),
      difficulty_(difficulty),
      terms_(1 + covariates + (difficulty ? 1 : 0)) {
  std::vector<std::uint32_t> all(items_.size());
  std::iota(all.begin(), all.end(), 0U);
  fitted_ = fit(all, {});
  rate_ = rate_of(all, fitted_);
}

double ControlledRate::rate(std::span<const std::uint32_t> places) const {
  return rate_of(places, fit(places, fitted_));
}

// Newton's method on the ridge-penalised log-likelihood.
ControlledRate::Terms ControlledRate::fit(std::span<const std::uint32_t> places,
                                          const Terms& start) const {
  Terms beta = start;
  for (int step = 0; step < kMostSteps; ++step) {
    // The normal equations, the gradient in the last column.
    std::array<std::array<double, kMost + 1>, kMost> m{};
    for (std::size_t i = 0; i < terms_; ++i) {
      m[i][i] = kRidge;
      m[i][kMost] = -kRidge * beta[i];
    }
    Terms x = {1.0};
    for (const std::uint32_t place : places) {
      const ControlledItem& item = items_[place];
      std::copy_n(item.covariates.begin(), covariates_, x.begin() + 1);
      if (difficulty_) x[terms_ - 1] = item.difficulty;
      double linear = 0;
      for (std::size_t i = 0; i < terms_; ++i) linear += beta[i] * x[i];
      const double p = sigmoid(linear);
      const double weight = item.weight * std::max(p * (1 - p), 1e-12);
      const double off = item.weight * (item.preference - p);
      for (std::size_t i = 0; i < terms_; ++i) {
        for (std::size_t j = 0; j <= i; ++j) m[i][j] += weight * x[i] * x[j];
        m[i][kMost] += off * x[i];
      }
    }
    for (std::size_t i = 0; i < terms_; ++i)
      for (std::size_t j = i + 1; j < terms_; ++j) m[i][j] = m[j][i];
    // Gauss without pivots: the matrix is symmetric and positive definite.
    for (std::size_t column = 0; column < terms_; ++column)
      for (std::size_t row = 0; row < terms_; ++row) {
        if (row == column) continue;
        const double factor = m[row][column] / m[column][column];
        for (std::size_t i = column; i < terms_; ++i) m[row][i] -= factor * m[column][i];
        m[row][kMost] -= factor * m[column][kMost];
      }
    double largest = 0;
    Terms move = {};
    for (std::size_t i = 0; i < terms_; ++i) {
      move[i] = m[i][kMost] / m[i][i];
      largest = std::max(largest, std::abs(move[i]));
    }
    // A step of more than this overshoots where the fit saturates.
    const double damp = largest > 4 ? 4 / largest : 1;
    for (std::size_t i = 0; i < terms_; ++i) beta[i] += damp * move[i];
    if (largest < 1e-9) break;
  }
  return beta;
}

double ControlledRate::rate_of(std::span<const std::uint32_t> places, const Terms& fitted) const {
  if (!difficulty_) return sigmoid(fitted[0]);
  double sum = 0;
  for (const std::uint32_t place : places)
    sum += sigmoid(fitted[0] + fitted[terms_ - 1] * items_[place].difficulty);
  return sum / static_cast<double>(places.size());
}

}  // namespace llmops::stats
