#pragma once
// The decision table: which bounds belong to which data. Everything that comes out is oriented
// (positive means that the candidate is better); positive quantities are on the log scale, margin
// included.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ci/stats/gate_verdict.h"
#include "ci/stats/sequential.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

enum class DataKind {
  binary,    // 0 or 1
  bounded,   // in [lowest, highest]; also the means of repeated 0/1 answers
  positive,  // above 0 without an upper end: tokens, cost
};

struct GateQuestion {
  DataKind kind = DataKind::bounded;
  double lowest = 0.0, highest = 1.0;  // of one score; bounded only
  bool higher_is_better = true;
  double margin = 0.0;  // accepted loss in score units; for positive data a share (0.1: 10%)
  double alpha = 0.05;
  bool strict = false;  // paired binary: exact McNemar instead of mid-p
};

struct GateBounds {
  // paired_binary_score, paired_bounded_guarded, paired_log_ratio, independent_binary_newcombe or
  // independent_bounded_guarded.
  std::string_view method;
  double estimate = 0.0, lower = 0.0, upper = 0.0;  // one-sided bounds at 1 - alpha
  double margin = 0.0;                              // on the scale of the bounds
  double p_worse = 1.0;

  MetricBounds for_verdict() const { return {lower, upper, margin, p_worse}; }
};

// The same cases in the same order. Refusals are those of the method; invalid_input bad_margin,
// bad_alpha, not_binary, value_outside_range too.
Tested<GateBounds> paired_bounds(std::span<const double> baseline,
                                 std::span<const double> candidate, const GateQuestion& question);

// Different cases. Positive data cannot be compared so: not_testable needs_pairs.
Tested<GateBounds> independent_bounds(std::span<const double> baseline,
                                      std::span<const double> candidate,
                                      const GateQuestion& question);

// Early stopping with a final look: at each case the e-processes at `alpha_early`, and where they
// never decide, the fixed-sample bounds at `alpha_final`; together alpha_early + alpha_final.
struct TwoStage {
  bool early = false;
  std::int64_t stop = 0;  // case after which it was decided
  Verdict verdict = Verdict::inconclusive;
  std::optional<GateBounds> bounds;  // final look only
};
// `differences` are oriented; binary: -1, 0 or 1.
Tested<TwoStage> two_stage(std::span<const double> differences, DataKind kind, double range,
                           double margin, double alpha_early = 0.01, double alpha_final = 0.04);

}  // namespace llmops::stats
