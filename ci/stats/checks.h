#pragma once
// The questions that every statistic asks of its input, with one wording for each refusal.
// Each gives nothing where the input is sound.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

// invalid_input `non_finite_value` with the index of the first NaN or infinity.
std::optional<Refusal> check_finite(std::span<const double> values);

// invalid_input `bad_level` unless 0 < level < 1.
std::optional<Refusal> check_level(double level);

// invalid_input `bad_alpha` unless 0 < alpha < 1.
std::optional<Refusal> check_alpha(double alpha);

// invalid_input `bad_power` unless 0 < power < 1.
std::optional<Refusal> check_power(double power);

// invalid_input `bad_margin` unless the margin is finite and not negative.
std::optional<Refusal> check_margin(double margin);

// invalid_input `bad_range` unless the range is finite and positive.
std::optional<Refusal> check_range(double range);

// invalid_input `bad_range` unless lowest < highest, both finite.
std::optional<Refusal> check_scale(double lowest, double highest);

// k successes of n: invalid_input `negative_count` or `k_exceeds_n`, not_testable `no_cases` for n
// = 0.
std::optional<Refusal> check_successes(std::int64_t k, std::int64_t n);

// invalid_input `length_mismatch`, then check_finite of each.
std::optional<Refusal> check_pairs(std::span<const double> baseline,
                                   std::span<const double> candidate);

// The refusals whose words several statistics share.
Refusal no_cases();
Refusal fewer_than_two_cases();
Refusal zero_variance();

// not_testable `beyond_number_range` where a result is not finite: squares of the values leave the
// range of double.
std::optional<Refusal> check_results(std::initializer_list<double> results);

}  // namespace llmops::stats
