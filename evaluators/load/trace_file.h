#pragma once
// Recorded arrivals: when requests came, and how long they were.

#include <filesystem>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/load/workload.h"

namespace llmops {

struct Trace {
  std::vector<double> times_s;         // ascending, from 0
  std::vector<WishedLengths> lengths;  // one a time; empty where the file tells none
};

struct TraceOptions {
  double unit_s = 1;  // seconds that 1 of the file's times is: 0.001 for milliseconds
  double speed = 1;   // 2: twice as fast as it was recorded
};

// A JSONL, CSV, ... file. Columns: `timestamp`, `t` or `arrived_at`; lengths in tokens, where they
// are there, `input_length`, `input_tokens` or `ContextTokens`, `output_length`, `output_tokens` or
// `GeneratedTokens` (the names of the Mooncake and Azure traces).
Result<Trace> read_trace(const std::filesystem::path& file, const TraceOptions& options);

}  // namespace llmops
