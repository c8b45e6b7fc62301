#include "ci/stats/checks.h"

#include <cmath>
#include <string>

namespace llmops::stats {

std::optional<Refusal> check_finite(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      return invalid_input("non_finite_value",
                           "value " + std::to_string(i + 1) + " is not a finite number", i);
  return std::nullopt;
}

std::optional<Refusal> check_level(double level) {
  if (level > 0.0 && level < 1.0) return std::nullopt;
  return invalid_input("bad_level", "a confidence level lies between 0 and 1");
}

std::optional<Refusal> check_alpha(double alpha) {
  if (alpha > 0.0 && alpha < 1.0) return std::nullopt;
  return invalid_input("bad_alpha", "alpha lies between 0 and 1");
}

std::optional<Refusal> check_power(double power) {
  if (power > 0.0 && power < 1.0) return std::nullopt;
  return invalid_input("bad_power", "power lies between 0 and 1");
}

std::optional<Refusal> check_margin(double margin) {
  if (std::isfinite(margin) && margin >= 0.0) return std::nullopt;
  return invalid_input("bad_margin", "a margin is a finite number, at least 0");
}

std::optional<Refusal> check_range(double range) {
  if (std::isfinite(range) && range > 0.0) return std::nullopt;
  return invalid_input("bad_range", "a range is a finite number above 0");
}

std::optional<Refusal> check_scale(double lowest, double highest) {
  if (std::isfinite(lowest) && std::isfinite(highest) && lowest < highest) return std::nullopt;
  return invalid_input("bad_range", "the lowest score must lie below the highest");
}

std::optional<Refusal> check_successes(std::int64_t k, std::int64_t n) {
  if (k < 0 || n < 0) return invalid_input("negative_count", "a count is never negative");
  if (k > n) return invalid_input("k_exceeds_n", "there are more successes than cases");
  if (n == 0) return no_cases();
  return std::nullopt;
}

std::optional<Refusal> check_pairs(std::span<const double> baseline,
                                   std::span<const double> candidate) {
  if (baseline.size() != candidate.size())
    return invalid_input("length_mismatch", "the baseline has " + std::to_string(baseline.size()) +
                                                " values, the candidate " +
                                                std::to_string(candidate.size()));
  if (auto refusal = check_finite(baseline)) return refusal;
  return check_finite(candidate);
}

Refusal no_cases() { return not_testable("no_cases", "there are no cases"); }

Refusal fewer_than_two_cases() {
  return not_testable("fewer_than_two_cases", "a spread needs at least two cases");
}

std::optional<Refusal> check_results(std::initializer_list<double> results) {
  for (const double x : results)
    if (!std::isfinite(x))
      return not_testable("beyond_number_range",
                          "the values are too large or too small to compute with");
  return std::nullopt;
}

Refusal zero_variance() {
  return not_testable("zero_variance", "all values are equal, so their spread is unknown");
}

}  // namespace llmops::stats
