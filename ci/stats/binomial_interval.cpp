#include "ci/stats/binomial_interval.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> check(std::int64_t k, std::int64_t n, double level) {
  if (auto refusal = check_level(level)) return refusal;
  return check_successes(k, n);
}

double lower_limit(std::int64_t k, std::int64_t n, double tail) {
  return k == 0 ? 0.0 : beta_quantile(tail, static_cast<double>(k), static_cast<double>(n - k + 1));
}

double upper_limit(std::int64_t k, std::int64_t n, double tail) {
  return k == n ? 1.0 : beta_isf(tail, static_cast<double>(k + 1), static_cast<double>(n - k));
}

}  // namespace

Interval wilson_limits(double k, double n, double z) {
  const double z2 = z * z;
  const double centre = (k + z2 / 2.0) / (n + z2);
  const double half = z / (n + z2) * std::sqrt(k * ((n - k) / n) + z2 / 4.0);
  return {k <= 0.0 ? 0.0 : std::max(0.0, centre - half),
          k >= n ? 1.0 : std::min(1.0, centre + half)};
}

Tested<Interval> wilson(std::int64_t k, std::int64_t n, double level) {
  if (auto refusal = check(k, n, level)) return *refusal;
  return wilson_limits(static_cast<double>(k), static_cast<double>(n),
                       normal_isf((1.0 - level) / 2.0));
}

Tested<Interval> clopper_pearson(std::int64_t k, std::int64_t n, double level) {
  if (auto refusal = check(k, n, level)) return *refusal;
  const double tail = (1.0 - level) / 2.0;
  return Interval{lower_limit(k, n, tail), upper_limit(k, n, tail)};
}

Tested<Interval> jeffreys(std::int64_t k, std::int64_t n, double level) {
  if (auto refusal = check(k, n, level)) return *refusal;
  const double tail = (1.0 - level) / 2.0;
  const double a = static_cast<double>(k) + 0.5;
  const double b = static_cast<double>(n - k) + 0.5;
  return Interval{k == 0 ? 0.0 : beta_quantile(tail, a, b), k == n ? 1.0 : beta_isf(tail, a, b)};
}

Tested<Interval> agresti_coull(std::int64_t k, std::int64_t n, double level) {
  if (auto refusal = check(k, n, level)) return *refusal;
  const double z = normal_isf((1.0 - level) / 2.0);
  const double total = static_cast<double>(n) + z * z;
  const double p = (static_cast<double>(k) + z * z / 2.0) / total;
  const double half = z * std::sqrt(p * (1.0 - p) / total);
  return Interval{p - half, p + half};
}

Tested<double> clopper_pearson_lower(std::int64_t k, std::int64_t n, double alpha) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (auto refusal = check_successes(k, n)) return *refusal;
  return lower_limit(k, n, alpha);
}

Tested<double> clopper_pearson_upper(std::int64_t k, std::int64_t n, double alpha) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (auto refusal = check_successes(k, n)) return *refusal;
  return upper_limit(k, n, alpha);
}

Tested<double> binomial_p_greater(std::int64_t k, std::int64_t n, double p) {
  if (auto refusal = check_successes(k, n)) return *refusal;
  if (!(p >= 0.0 && p <= 1.0))
    return invalid_input("bad_probability", "a probability lies between 0 and 1");
  return binomial_sf(k - 1, n, p);
}

Tested<double> binomial_p_less(std::int64_t k, std::int64_t n, double p) {
  if (auto refusal = check_successes(k, n)) return *refusal;
  if (!(p >= 0.0 && p <= 1.0))
    return invalid_input("bad_probability", "a probability lies between 0 and 1");
  return binomial_cdf(k, n, p);
}

}  // namespace llmops::stats
