#pragma once
// Several systems over the same rows: is one better than the first?

#include <cstdint>
#include <string>
#include <vector>

#include "cli/score_metrics.h"
#include "datasets/text/value.h"

namespace llmops {

struct ScoreTestOptions {
  enum class Method { paired, sacrebleu_bs, sacrebleu_ar } method = Method::paired;
  std::size_t resamples = 0;             // 0: 9,999; of sacrebleu-bs 1,000, of -ar 10,000
  std::optional<std::uint64_t> seed;     // absent: 1; of sacrebleu's tests 12345
  std::size_t confidence_resamples = 0;  // of sacrebleu-ar: for mean and interval
  double confidence = 0.95;              // of `paired`
};

// A system's name (its column) and what each metric said of it, rows kept.
struct ScoredSystem {
  std::string name;
  std::vector<MetricTotals> metrics;
  std::vector<PassCounts> passes;  // of each metric, where --pass-at asks for them
};

// {test, resamples, seed, baseline, results: [{metric, system, score, ...}]} against the first
// system. What cannot be tested says so in its result (`outcome`, `why`). Runs in parallel by
// itself.
Object test_systems(const std::vector<ScoreMetric>& metrics,
                    const std::vector<ScoredSystem>& systems, const ScoreTestOptions& options);

}  // namespace llmops
