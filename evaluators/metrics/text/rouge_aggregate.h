#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "evaluators/metrics/text/rouge.h"

namespace llmops {

// Percentiles of resampled means; `mid` is their median, not the mean of the scores.
struct RougeInterval {
  RougeScore low, mid, high;
};

// BootstrapAggregator of rouge_score 0.1.2, after `numpy.random.seed(seed)`. `scores` holds, for
// each variant in the order in which scores were added, the scores of all texts (at least one).
std::vector<RougeInterval> rouge_aggregate(std::span<const std::vector<RougeScore>> scores,
                                           double confidence, std::size_t samples,
                                           std::uint32_t seed);

}  // namespace llmops
