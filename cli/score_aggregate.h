#pragma once
// rouge_score's aggregate of a set: percentiles of resampled means.

#include <cstdint>
#include <vector>

#include "cli/score_metrics.h"
#include "cli/score_tests.h"
#include "datasets/text/value.h"

namespace llmops {

struct AggregateOptions {
  double confidence = 0.95;
  std::size_t resamples = 1000;  // the reference program's defaults
  std::uint32_t seed = 1;
};

// Adds `aggregate: {low, mid, high: {precision, recall, fmeasure}}` to the figures of each variant
// of `rouge`, as BootstrapAggregator of rouge_score 0.1.2 has it after `numpy.random.seed(seed)`
// (rows without a score are left out). The system's rows have to be kept.
void add_aggregates(const std::vector<ScoreMetric>& metrics, const ScoredSystem& system,
                    const AggregateOptions& options, Object& figures);

}  // namespace llmops
