#pragma once
// Why did latency change? A case takes
//   T = queue + input_tokens * prefill_per_token + fixed + (output_tokens - 1) * decode_per_token,
// and the change of a statistic of T is divided among the six factors by Shapley's value (1953):
// the mean effect of exchanging a factor over all orders. The parts add up to the change exactly.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "ci/stats/tested.h"

namespace llmops::stats {

inline constexpr std::size_t kLatencyFactors = 6;
inline constexpr std::array<std::string_view, kLatencyFactors> kLatencyFactorNames = {
    "queue", "input_tokens", "prefill_per_token", "fixed", "output_tokens", "decode_per_token"};

// The factors of one case in the order of the names; one time unit throughout.
using LatencyFactors = std::array<double, kLatencyFactors>;

struct LatencySplit {
  double baseline = 0.0, candidate = 0.0;
  double change = 0.0;  // candidate - baseline
  std::array<double, kLatencyFactors> contribution{};
};

// Mean over cases. Both runs hold the same cases in the same order.
// not_testable no_cases; invalid_input length_mismatch, non_finite_value (with index of the case).
Tested<LatencySplit> split_mean_latency(std::span<const LatencyFactors> baseline,
                                        std::span<const LatencyFactors> candidate);

// Type-7 quantile over cases. invalid_input bad_probability too.
Tested<LatencySplit> split_latency_quantile(std::span<const LatencyFactors> baseline,
                                            std::span<const LatencyFactors> candidate, double p);

// Ratio of the medians, and the mean of ln(candidate/baseline) over the cases.
struct LatencyRatio {
  double ratio = 1.0;
  std::optional<double> mean_log_ratio;  // absent where lengths differ or a value is not positive
};
// not_testable no_cases, zero_baseline_median; invalid_input non_finite_value.
Tested<LatencyRatio> ratio_of_medians(std::span<const double> baseline,
                                      std::span<const double> candidate);

}  // namespace llmops::stats
