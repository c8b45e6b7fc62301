#pragma once
// The rules of a gate on a load: those of `eval` on its requests, and those on the whole load
// (throughput). A rule that is not large against the client's own error is left open.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ci/gate/verdict.h"
#include "ci/latency_cause.h"
#include "ci/serving/load_figures.h"
#include "ci/stats/latency_rounds.h"

namespace llmops {

// How a time of interleaved loads changed; rounds are the observations.
struct RoundChange {
  std::string metric, statistic;  // "ttft", "p50"
  std::size_t rounds = 0;
  std::optional<stats::LatencyBounds> bounds;  // ratios to the other server, 95 % on either side
  std::string why_none;
};

struct LoadGate {
  std::optional<Verdict> verdict;  // absent: nothing was gated
  std::optional<Comparison> comparison;
  std::optional<LatencyCause> cause;  // why times changed
  std::vector<RoundChange> rounds;    // of interleaved loads, where they were asked for
};

struct LoadGateInput {
  const GateSpec* gate = nullptr;  // nullptr: compared alone
  const RunSource* candidate = nullptr;
  const RunSource* baseline = nullptr;  // nullptr: none
  std::span<const std::shared_ptr<const RunSource>> accepted = {};
  const LoadFigures* figures = nullptr;  // of the candidate
  // Interleaved loads, in order: two of each server a round. Empty: the baseline was stored.
  const std::vector<LoadResult>* loads = nullptr;
  const std::vector<LoadResult>* against = nullptr;
  double client_error_ms = 0;
  // No prompt shares a beginning with another: a prefix cache should have nothing to give.
  bool unique_prompts = false;
  bool tell_rounds = false;  // how every time changed over the rounds, whatever the rules
};
LoadGate gate_load(const LoadGateInput& input);

// What the client adds to a time: the lag of its schedule and of its loop, both at their 99th
// percentile, the worst of all loads.
double client_error_ms(const std::vector<LoadResult>& loads);

}  // namespace llmops
