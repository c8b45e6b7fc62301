#pragma once
// Several answers to each case: how much of the noise comes from asking again, how much from the
// cases.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

// The scores of the answers to one case.
using Answers = std::vector<double>;

struct VarianceComponents {
  std::int64_t n = 0;
  double mean_difference = 0.0;  // of case means, candidate - baseline
  double se = 0.0;               // sqrt(var_case_means/n)
  double var_case_means = 0.0;   // variance of the differences of case means
  // Below: absent unless both runs have a case with two answers.
  std::optional<double> within_baseline,
      within_candidate;  // mean variance of the answers to a case
  std::optional<double>
      noise_of_mean;              // of the difference of case means, from asking: sum of within/k
  std::optional<double> between;  // max(0, var_case_means - noise_of_mean)
  std::optional<double> share_within;  // noise_of_mean/var_case_means, at most 1
};
// Cases in the same order. not_testable no_cases, fewer_than_two_cases; invalid_input
// length_mismatch, no_answers (with index), non_finite_value (index of the case).
Tested<VarianceComponents> variance_components(std::span<const Answers> baseline,
                                               std::span<const Answers> candidate);

}  // namespace llmops::stats
