#pragma once
// Recorded arrivals: when requests came, and how long they were.

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/load/workload.h"

namespace llmops {

struct Trace {
  std::vector<double> times_s;         // ascending, from 0
  std::vector<WishedLengths> lengths;  // one a time; empty where the file tells none
};

struct TraceOptions {
  double unit_s = 1;  // seconds that 1 of the file's times is: 0.001 for milliseconds; not of dates
  double speed = 1;   // 2: twice as fast as it was recorded
};

// A JSONL, CSV, ... file. Columns, in any case: `timestamp`, `t` or `arrived_at`, a number or a
// date (2023-11-16 18:15:46.6805900, with `T`, `Z` or an offset where they are there); lengths in
// tokens, where they are there, `input_length`, `input_tokens`, `ContextTokens` or `Request
// tokens`, `output_length`, `output_tokens`, `GeneratedTokens` or `Response tokens` (the names of
// the Mooncake, Azure and BurstGPT traces).
Result<Trace> read_trace(const std::filesystem::path& file, const TraceOptions& options);

// Seconds since 2020 began, UTC, of a date as above; nullopt: it is none.
std::optional<double> date_seconds(std::string_view text);

}  // namespace llmops
