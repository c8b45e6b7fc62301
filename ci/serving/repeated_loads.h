#pragma once
// Repeats of a load on both sides: whole loads are the observations, since the requests of one load
// share its fate.

#include <optional>
#include <string>

#include "ci/stats/latency_rounds.h"
#include "evaluators/run_record.h"

namespace llmops {

struct RepeatedLoads {
  stats::LatencyBounds bounds;  // Welch's t of the loads' log levels
  std::size_t baseline = 0, candidate = 0;
};

// `metric`: a time of both runs; `statistic`: mean, p50, p90, p95 or p99 of each load. nullopt
// where a side has fewer than five loads (rows of one load carry its number as their group).
std::optional<RepeatedLoads> repeated_loads(const RunSource& baseline, const RunSource& candidate,
                                            const std::string& metric, const std::string& statistic,
                                            double alpha);

}  // namespace llmops
