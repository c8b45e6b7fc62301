#include "ci/stats/length_controlled.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"

namespace llmops::stats {
namespace {

// Weak enough to move nothing that the data tell, strong enough that a judge who always prefers the
// longer answer has a finite fit.
constexpr double kRidge = 0.01;
constexpr int kMostSteps = 50;

struct Item {
  double preference, length, difficulty;  // length: tanh(z)
};

using Coefficients = std::array<double, 3>;  // length (a), constant (c), difficulty (b)

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// Solves the symmetric system of the first `k` unknowns in place (Gauss, with pivots).
void solve(std::array<std::array<double, 4>, 3>& m, std::size_t k, Coefficients& x) {
  for (std::size_t column = 0; column < k; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < k; ++row)
      if (std::abs(m[row][column]) > std::abs(m[pivot][column])) pivot = row;
    std::swap(m[column], m[pivot]);
    for (std::size_t row = 0; row < k; ++row) {
      if (row == column) continue;
      const double factor = m[row][column] / m[column][column];
      for (std::size_t i = column; i < k; ++i) m[row][i] -= factor * m[column][i];
      m[row][3] -= factor * m[column][3];
    }
  }
  for (std::size_t row = 0; row < k; ++row) x[row] = m[row][3] / m[row][row];
}

// Newton's method; soft labels enter as they are. `terms`: length and constant, or all three.
Coefficients fit(std::span<const Item> items, std::span<const std::uint32_t> places,
                 bool with_difficulty, Coefficients start) {
  const std::size_t k = with_difficulty ? 3 : 2;
  Coefficients beta = start;
  for (int step = 0; step < kMostSteps; ++step) {
    std::array<std::array<double, 4>, 3> m{};
    for (std::size_t i = 0; i < k; ++i) {
      m[i][i] = kRidge;
      m[i][3] = -kRidge * beta[i];
    }
    for (const std::uint32_t place : places) {
      const Item& item = items[place];
      const std::array<double, 3> x = {item.length, 1.0, item.difficulty};
      double linear = 0;
      for (std::size_t i = 0; i < k; ++i) linear += beta[i] * x[i];
      const double p = sigmoid(linear);
      const double weight = std::max(p * (1 - p), 1e-12);
      for (std::size_t i = 0; i < k; ++i) {
        for (std::size_t j = 0; j < k; ++j) m[i][j] += weight * x[i] * x[j];
        m[i][3] += (item.preference - p) * x[i];
      }
    }
    Coefficients move{};
    solve(m, k, move);
    // A step of more than this overshoots where the fit saturates.
    double largest = 0;
    for (std::size_t i = 0; i < k; ++i) largest = std::max(largest, std::abs(move[i]));
    const double damp = largest > 4 ? 4 / largest : 1;
    for (std::size_t i = 0; i < k; ++i) beta[i] += damp * move[i];
    if (largest < 1e-9) break;
  }
  return beta;
}

double rate_at_equal_length(std::span<const Item> items, std::span<const std::uint32_t> places,
                            const Coefficients& beta, bool with_difficulty) {
  if (!with_difficulty) return sigmoid(beta[1]);
  double sum = 0;
  for (const std::uint32_t place : places)
    sum += sigmoid(beta[1] + beta[2] * items[place].difficulty);
  return sum / static_cast<double>(places.size());
}

std::optional<Refusal> check(std::span<const double> preferences, std::span<const double> longer_by,
                             std::span<const double> difficulties, double level) {
  for (const auto values : {preferences, longer_by, difficulties})
    if (auto refusal = check_finite(values)) return refusal;
  if (longer_by.size() != preferences.size() ||
      (!difficulties.empty() && difficulties.size() != preferences.size()))
    return invalid_input("length_mismatch", "the columns differ in length");
  if (!(level > 0 && level < 1))
    return invalid_input("bad_level", "the confidence level lies between 0 and 1");
  for (std::size_t i = 0; i < preferences.size(); ++i)
    if (preferences[i] < 0 || preferences[i] > 1)
      return invalid_input("out_of_range", "a preference lies between 0 and 1", i);
  if (preferences.size() < 2)
    return not_testable("fewer_than_two_cases", "there are fewer than two pairs");
  return std::nullopt;
}

}  // namespace

Tested<LengthControlled> length_controlled(std::span<const double> preferences,
                                           std::span<const double> longer_by,
                                           std::span<const double> difficulties, double level,
                                           const BootstrapOptions& options) {
  if (auto refusal = check(preferences, longer_by, difficulties, level)) return *refusal;
  const auto n = static_cast<double>(preferences.size());
  const auto deviation = [](std::span<const double> values) {
    const double centre = mean(values);
    double squares = 0;
    for (const double value : values) squares += (value - centre) * (value - centre);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
  };
  const double spread = deviation(longer_by);
  if (!(spread > 0))
    return not_testable("equal_lengths", "all answers differ in length by the same amount");

  LengthControlled result;
  result.n = static_cast<std::int64_t>(preferences.size());
  result.raw = mean(preferences);
  result.raw_se = deviation(preferences) / std::sqrt(n);
  const double z = normal_quantile(0.5 + level / 2);
  result.raw_interval = {std::max(0.0, result.raw - z * result.raw_se),
                         std::min(1.0, result.raw + z * result.raw_se)};
  std::vector<Item> items;
  std::int64_t longer_wins = 0;
  for (std::size_t i = 0; i < preferences.size(); ++i) {
    items.push_back({preferences[i], std::tanh(longer_by[i] / spread),
                     difficulties.empty() ? 0.0 : difficulties[i]});
    result.longer_share += longer_by[i] > 0 ? 1 / n : 0;
    if (std::abs(longer_by[i]) <= kLengthGap || preferences[i] == 0.5) continue;
    ++result.apart;
    if ((longer_by[i] > 0) == (preferences[i] > 0.5)) ++longer_wins;
  }
  if (const auto rate = agreement_rate(longer_wins, result.apart, level))
    result.prefers_longer = *rate;

  const bool with_difficulty = !difficulties.empty();
  std::vector<std::uint32_t> all(items.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  const Coefficients beta = fit(items, all, with_difficulty, {});
  result.length_effect = beta[0];
  result.constant = beta[1];
  if (with_difficulty) result.difficulty_effect = beta[2];
  result.controlled = rate_at_equal_length(items, all, beta, with_difficulty);
  const std::vector<double> refits = bootstrap(
      items.size(),
      [&](std::span<const std::uint32_t> places) {
        const Coefficients again = fit(items, places, with_difficulty, beta);
        return rate_at_equal_length(items, places, again, with_difficulty);
      },
      options);
  result.se = deviation(refits);
  const std::array<double, 2> alphas = {0.5 - level / 2, 0.5 + level / 2};
  if (const auto bounds = percentile_bounds(refits, alphas))
    result.interval = {(*bounds)[0], (*bounds)[1]};
  return result;
}

}  // namespace llmops::stats
