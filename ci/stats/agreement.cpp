#include "ci/stats/agreement.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ci/stats/binomial_interval.h"
#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {
namespace {

Refusal no_expected_disagreement() {
  return not_testable("undefined_no_expected_disagreement",
                      "chance leaves no disagreement, so agreement beyond chance is undefined");
}

std::optional<Refusal> check(const RatingTable& table, double& total) {
  total = 0.0;
  for (const auto& row : table) {
    if (row.size() != table.size())
      return invalid_input("not_square", "both raters use the same categories");
    for (const std::int64_t count : row) {
      if (count < 0) return invalid_input("negative_count", "a count is never negative");
      total += static_cast<double>(count);
    }
  }
  if (total == 0.0) return no_cases();
  return std::nullopt;
}

// Shares of cells, rows and columns.
struct Shares {
  std::vector<std::vector<double>> cell;
  std::vector<double> row, column;
};
Shares shares_of(const RatingTable& table, double total) {
  const std::size_t size = table.size();
  Shares s{std::vector(size, std::vector<double>(size)), std::vector<double>(size),
           std::vector<double>(size)};
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) {
      const double share = static_cast<double>(table[i][j]) / total;
      s.cell[i][j] = share;
      s.row[i] += share;
      s.column[j] += share;
    }
  return s;
}

// 1 for full agreement, 0 for the largest distance.
double weight(std::size_t i, std::size_t j, std::size_t size, Weights weights) {
  if (i == j) return 1.0;
  if (weights == Weights::none) return 0.0;
  const double distance =
      std::abs(static_cast<double>(i) - static_cast<double>(j)) / static_cast<double>(size - 1);
  return 1.0 - (weights == Weights::linear ? distance : distance * distance);
}

Agreement agreement_of(const Shares& s, Weights weights) {
  Agreement a;
  const std::size_t size = s.row.size();
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) {
      const double w = weight(i, j, size, weights);
      a.observed += w * s.cell[i][j];
      a.expected += w * s.row[i] * s.column[j];
    }
  return a;
}

}  // namespace

Tested<Agreement> agreement(const RatingTable& table, Weights weights) {
  double total = 0.0;
  if (auto refusal = check(table, total)) return *refusal;
  return agreement_of(shares_of(table, total), weights);
}

Tested<Kappa> kappa(const RatingTable& table, Weights weights, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  double total = 0.0;
  if (auto refusal = check(table, total)) return *refusal;
  const Shares s = shares_of(table, total);
  const Agreement a = agreement_of(s, weights);
  const double chance = 1.0 - a.expected;
  if (chance <= 1e-15) return no_expected_disagreement();

  Kappa k;
  k.kappa = (a.observed - a.expected) / chance;
  const std::size_t size = table.size();
  std::vector<double> row_weight(size), column_weight(size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) {
      const double w = weight(i, j, size, weights);
      row_weight[i] += w * s.column[j];
      column_weight[j] += w * s.row[i];
    }
  double spread = 0.0;
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) {
      const double deviation =
          weight(i, j, size, weights) - (row_weight[i] + column_weight[j]) * (1.0 - k.kappa);
      spread += s.cell[i][j] * deviation * deviation;
    }
  const double centre = k.kappa - a.expected * (1.0 - k.kappa);
  k.se = std::sqrt(std::max(0.0, spread - centre * centre) / total) / chance;
  const double half = normal_isf((1.0 - level) / 2.0) * k.se;
  k.interval = {k.kappa - half, k.kappa + half};
  return k;
}

Tested<double> gwet_ac1(const RatingTable& table) {
  double total = 0.0;
  if (auto refusal = check(table, total)) return *refusal;
  if (table.size() < 2) return no_expected_disagreement();
  const Shares s = shares_of(table, total);
  double observed = 0.0, expected = 0.0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double share = (s.row[i] + s.column[i]) / 2.0;
    observed += s.cell[i][i];
    expected += share * (1.0 - share);
  }
  expected /= static_cast<double>(table.size() - 1);
  return (observed - expected) / (1.0 - expected);
}

Tested<AgreementRate> agreement_rate(std::int64_t agree, std::int64_t n, double level) {
  const Tested<Interval> interval = wilson(agree, n, level);
  if (!interval) return interval.refusal();
  return AgreementRate{static_cast<double>(agree) / static_cast<double>(n), *interval};
}

namespace {

// Squared distance of the categories at positions a < b of the sorted `values` with totals `n`.
double distance(std::size_t a, std::size_t b, const std::vector<double>& values,
                const std::vector<double>& n, Measurement measurement) {
  switch (measurement) {
    case Measurement::nominal:
      return 1.0;
    case Measurement::ordinal: {
      double between = (n[a] + n[b]) / 2.0;
      for (std::size_t g = a + 1; g < b; ++g) between += n[g];
      return between * between;
    }
    case Measurement::interval:
      return (values[a] - values[b]) * (values[a] - values[b]);
    case Measurement::ratio: {
      const double sum = values[a] + values[b];
      const double ratio = sum == 0.0 ? 0.0 : (values[a] - values[b]) / sum;
      return ratio * ratio;
    }
  }
  return 0.0;
}

}  // namespace

Tested<double> krippendorff_alpha(std::span<const Unit> units, Measurement measurement) {
  std::map<double, std::size_t> position;
  for (const Unit& unit : units)
    for (const auto& rating : unit)
      if (rating) {
        if (!std::isfinite(*rating))
          return invalid_input("non_finite_value", "a rating is not a finite number");
        position.emplace(*rating, 0);
      }
  std::vector<double> values;
  for (auto& [value, index] : position) {
    index = values.size();
    values.push_back(value);
  }

  // Coincidences: each ordered pair of ratings of a unit with m ratings counts 1/(m - 1).
  const std::size_t size = values.size();
  std::vector<std::vector<double>> coincidence(size, std::vector<double>(size));
  std::vector<double> totals(size);
  double pairable = 0.0;
  for (const Unit& unit : units) {
    std::vector<std::size_t> found;
    for (const auto& rating : unit)
      if (rating) found.push_back(position.at(*rating));
    if (found.size() < 2) continue;
    const double share = 1.0 / static_cast<double>(found.size() - 1);
    for (std::size_t i = 0; i < found.size(); ++i) {
      totals[found[i]] += 1.0;
      for (std::size_t j = 0; j < found.size(); ++j)
        if (i != j) coincidence[found[i]][found[j]] += share;
    }
    pairable += static_cast<double>(found.size());
  }
  if (pairable == 0.0) return not_testable("no_pairs", "no unit has two ratings");

  double observed = 0.0, expected = 0.0;
  for (std::size_t a = 0; a < size; ++a)
    for (std::size_t b = a + 1; b < size; ++b) {
      const double d = distance(a, b, values, totals, measurement);
      observed += coincidence[a][b] * d;
      expected += totals[a] * totals[b] * d;
    }
  if (expected <= 0.0) return no_expected_disagreement();
  return 1.0 - (pairable - 1.0) * observed / expected;
}

}  // namespace llmops::stats
