#pragma once
// What a bench run is turned into: one screen, a JSON document, files.

#include <string>

#include "ci/serving/load_gate.h"
#include "cli/bench/job.h"

namespace llmops {

struct BenchView {
  const BenchSuite& suite;
  const BenchJob& job;
  const RunHeader& header;  // of the run that is gated
  const LoadGate& gate;
};

std::string bench_screen(const BenchView& view, int width);
Value bench_document(const BenchView& view);

// One line a request: point repeat conversation turn scheduled_s ... error.
void write_bench_csv(const BenchView& view, std::FILE* out);
// The first point in the shape that vLLM's `--save-result` has (benchmark_serving.py, 2025), times
// in milliseconds, so that plots made for it work.
Value vllm_result(const BenchView& view);

}  // namespace llmops
