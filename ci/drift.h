#pragma once
// How far one set of traces lies from another: distributions of every measure, with the alert
// levels that people set (statistics.md of the house, section 10). Findings, never a verdict.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops {

struct DriftLevels {
  double ttft_p95_increase = 0.30;
  double tokens_increase = 0.20;                          // of the mean, input and output
  double score_drop = 0.05;                               // of the mean, as a share of the range
  double centroid_distance = 0.2;                         // 1 - cosine of the mean embeddings
  double stability_notice = 0.1, stability_alarm = 0.25;  // PSI
};

enum class DriftLevel { none, notice, alarm };
std::string_view name(DriftLevel level);

struct DriftFinding {
  std::string measure;
  std::int64_t baseline_n = 0, current_n = 0;
  std::optional<double> baseline_mean, current_mean, baseline_p95, current_p95;
  std::optional<double> stability;        // PSI on the deciles of the baseline
  std::optional<double> stability_p;      // that chance alone makes it so large
  std::optional<double> ks, ks_p;         // Kolmogorov-Smirnov (exact p where it can be had)
  std::optional<double> divergence_bits;  // Jensen-Shannon; pass/fail only
  std::optional<double> centroid_distance, centroid_p;  // embeddings only
  DriftLevel level = DriftLevel::none;
  std::string why;  // what raised the level, with its figures; or why nothing could be said
};

// Every measure that both runs have. Cases need not be the same. Memory: 8 bytes a case and
// measure.
std::vector<DriftFinding> find_drift(const RunSource& baseline, const RunSource& current,
                                     const DriftLevels& levels = {});

// Embeddings of the two sets (one row a text, one length), where they are given.
DriftFinding find_embedding_drift(const std::vector<std::vector<double>>& baseline,
                                  const std::vector<std::vector<double>>& current,
                                  const DriftLevels& levels = {}, std::uint64_t seed = 1);

}  // namespace llmops
