#pragma once
// Why latency changed: more tokens in, more tokens out, slower first token, slower tokens
// (statistics.md of the house, section 8). The parts add up to the change.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops {

struct LatencyPart {
  std::string_view name;  // "queue and fixed", "input tokens", "prefill per token", "output
                          // tokens", "decode per token"
  double ms = 0;          // of `change_ms`
};

// `latency`, the mean or a quantile over the cases that both runs timed.
struct LatencySplit {
  std::string quantity;  // "mean", "p95"
  double baseline_ms = 0, candidate_ms = 0, change_ms = 0;
  std::vector<LatencyPart> parts;
  std::string sentence;  // names the largest part
};

struct LatencyCause {
  std::int64_t cases = 0;
  bool prefill_known = false;        // false: time to first token does not grow with the input
  std::vector<LatencySplit> splits;  // mean and p95 (from 20 cases on)
  std::string refusal;               // why there is none
};

// A case takes queue and fixed time + input tokens x prefill + (output tokens - 1) x decode. The
// prefill time a token is the Theil-Sen slope of TTFT on input tokens in the baseline. Needs
// `latency`, `ttft`, `input_tokens` and `output_tokens` of both runs; of more than 20,000 cases
// every k-th is taken, so that memory and time are bounded.
LatencyCause explain_latency(const RunSource& baseline, const RunSource& candidate);

// The splits for --json: {quantity, baseline_ms, candidate_ms, change_ms, parts_ms, sentence} each.
List splits_value(const LatencyCause& cause);

}  // namespace llmops
