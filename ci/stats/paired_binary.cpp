#include "ci/stats/paired_binary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "ci/stats/binomial_interval.h"
#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {
namespace {

// Tango's score statistic at the difference D, decreasing in D; q is the restricted maximum
// likelihood estimate of the probability of a loss.
double score(const PairedTable& table, double D) {
  const auto n = static_cast<double>(table.n());
  const auto g = static_cast<double>(table.gains);
  const auto l = static_cast<double>(table.losses);
  const double A = 2.0 * n;
  const double B = -g - l + (2.0 * n - g + l) * D;
  const double C = -l * D * (1.0 - D);
  const double root = std::sqrt(std::max(0.0, B * B - 4.0 * A * C));
  double q = 0.0;
  if (B <= 0.0)
    q = (root - B) / (2.0 * A);
  else if (B + root > 0.0)
    q = -2.0 * C / (B + root);  // the same root without cancellation
  const double numerator = g - l - n * D;
  const double spread = n * (2.0 * q + D * (1.0 - D));
  if (numerator == 0.0) return 0.0;
  if (spread <= 0.0) return std::copysign(std::numeric_limits<double>::infinity(), numerator);
  return numerator / std::sqrt(spread);
}

// The D in [-1, 1] with T(D) = z, by bisection down to neighbouring numbers.
double solve(const PairedTable& table, double z) {
  double low = -1.0, high = 1.0;
  for (;;) {
    const double middle = low + (high - low) / 2.0;
    if (middle <= low || middle >= high) return middle;
    (score(table, middle) > z ? low : high) = middle;
  }
}

Interval limits(const PairedTable& table, double z) {
  return {table.losses == table.n() ? -1.0 : solve(table, z),
          table.gains == table.n() ? 1.0 : solve(table, -z)};
}

}  // namespace

Tested<PairedTable> paired_table(std::span<const double> baseline,
                                 std::span<const double> candidate) {
  if (auto refusal = check_pairs(baseline, candidate)) return *refusal;
  PairedTable table;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const double b = baseline[i], c = candidate[i];
    if ((b != 0.0 && b != 1.0) || (c != 0.0 && c != 1.0))
      return invalid_input("not_binary", "pair " + std::to_string(i + 1) + " is not 0 or 1", i);
    if (b == 1.0)
      ++(c == 1.0 ? table.both : table.losses);
    else
      ++(c == 1.0 ? table.gains : table.neither);
  }
  return table;
}

std::optional<Refusal> check_table(const PairedTable& table) {
  if (std::min({table.both, table.losses, table.gains, table.neither}) < 0)
    return invalid_input("negative_count", "a count is never negative");
  if (table.n() == 0) return no_cases();
  return std::nullopt;
}

Tested<Interval> tango(const PairedTable& table, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_table(table)) return *refusal;
  return limits(table, normal_isf((1.0 - level) / 2.0));
}

Tested<Interval> tango_bounds(const PairedTable& table, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_table(table)) return *refusal;
  return limits(table, normal_isf(1.0 - level));
}

Tested<ScoreTest> tango_noninferiority(const PairedTable& table, double margin) {
  if (auto refusal = check_margin(margin)) return *refusal;
  if (margin >= 1.0) return invalid_input("bad_margin", "a margin of a pass rate lies below 1");
  if (auto refusal = check_table(table)) return *refusal;
  const double z = score(table, -margin);
  if (!std::isfinite(z)) return zero_variance();
  return ScoreTest{z, normal_sf(z)};
}

Tested<Interval> newcombe_paired(const PairedTable& table, double level, bool continuity) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_table(table)) return *refusal;
  const auto n = static_cast<double>(table.n());
  const auto a = static_cast<double>(table.both), b = static_cast<double>(table.losses),
             c = static_cast<double>(table.gains), d = static_cast<double>(table.neither);
  const double z = normal_isf((1.0 - level) / 2.0);
  const double before = (a + b) / n, after = (a + c) / n;
  const Interval l1 = wilson_limits(a + b, n, z), l2 = wilson_limits(a + c, n, z);

  const double product = (a + b) * (c + d) * (a + c) * (b + d);
  double association = a * d - b * c;
  if (continuity && association > 0.0) association = std::max(0.0, association - n / 2.0);
  const double phi = product > 0.0 ? association / std::sqrt(product) : 0.0;

  const auto hybrid = [phi](double x, double y) {
    return std::sqrt(std::max(0.0, x * x - 2.0 * phi * x * y + y * y));
  };
  const double difference = table.difference();
  return Interval{difference - hybrid(after - l2.lower, l1.upper - before),
                  difference + hybrid(l2.upper - after, before - l1.lower)};
}

Tested<Interval> bonett_price(const PairedTable& table, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_table(table)) return *refusal;
  const double total = static_cast<double>(table.n()) + 2.0;
  const double loss = (static_cast<double>(table.losses) + 1.0) / total;
  const double gain = (static_cast<double>(table.gains) + 1.0) / total;
  const double difference = gain - loss;
  const double half =
      normal_isf((1.0 - level) / 2.0) * std::sqrt((gain + loss - difference * difference) / total);
  return Interval{std::max(-1.0, difference - half), std::min(1.0, difference + half)};
}

}  // namespace llmops::stats
