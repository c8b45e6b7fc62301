#pragma once
// The figures of one run on its own.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops {

struct MeasureSummary {
  Measure measure;
  std::int64_t n = 0;         // cases with a value
  std::int64_t unscored = 0;  // cases without one
  std::optional<double> mean, total;
  std::optional<double> interval_low, interval_high;  // two-sided, at `level`
  std::optional<double> p50, p90, p95, p99, max;      // type-7 quantiles over cases
  double level = 0.95;
  std::string why = {};  // why there is no mean, where more is to be said than that no case has one
};

struct Summary {
  std::vector<MeasureSummary> measures;  // in the header's order; then figures of the whole set
  const MeasureSummary* find(const std::string& name) const;
};

// One pass over the rows, two above 2^18 cases. Memory does not grow with them: from there on a
// quantile comes from a histogram with a relative error below 0.1 %, and `warnings` says so.
// Intervals: Wilson for 0/1, guarded for bounded scores, skewness-corrected t for the others.
Summary summarize(const RunSource& run, std::vector<std::string>& warnings);

}  // namespace llmops
