#pragma once
// Sign-flip test of paired differences (Fisher 1935): under "the runs are exchangeable" every sign
// is a fair coin. The statistic is the sum; a flipped sum equal to the observed one counts as
// extreme. It does not test a margin.

#include <cstdint>
#include <optional>
#include <span>

#include "ci/stats/count256.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

enum class FlipMethod { convolution, enumeration, monte_carlo };

struct SignFlip {
  FlipMethod method = FlipMethod::convolution;
  std::int64_t n = 0;
  double p_two_sided = 1.0, p_less = 1.0,
         p_greater = 1.0;      // greater: the mean difference is above 0
  std::int64_t resamples = 0;  // Monte Carlo only
  // Sign patterns at least as extreme, of 2^n: exact methods with at most 255 cases.
  struct Counts {
    Count256 two_sided, less, greater, total;
  };
  std::optional<Counts> counts;
};

struct FlipOptions {
  std::uint64_t stream = 1;
  int resamples = 9999;
  // Where a Monte-Carlo two-sided p is within 3 standard errors of it: 99,999 resamples. 0: never.
  double alpha = 0.05;
};

// Exact by convolution when the differences are multiples of one step (pass/fail, grades) and the
// sums take at most 10^7 values, by enumeration up to 20 differences that are not 0, else Monte
// Carlo. The same result for any number of threads. not_testable no_cases; invalid_input
// non_finite_value, bad_resamples.
Tested<SignFlip> sign_flip(std::span<const double> differences, const FlipOptions& options = {});

// One method alone: the exact one that applies (not_testable too_many_cases if neither does) ...
Tested<SignFlip> sign_flip_exact(std::span<const double> differences);
// ... or Monte Carlo.
Tested<SignFlip> sign_flip_monte_carlo(std::span<const double> differences,
                                       const FlipOptions& options = {});

}  // namespace llmops::stats
