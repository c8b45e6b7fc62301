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

// One page that needs nothing else: verdict, attribution bars, latency curves, time series.
void write_bench_html(const BenchView& view, std::FILE* out);

// One line a request: point server repeat conversation turn phase scheduled_s ... error.
void write_bench_csv(const BenchView& view, std::FILE* out);
// The first point in the shape that vLLM's client writes with `--save-result --save-detailed`
// (vllm/benchmarks/serve.py, 2025), so that plots made for it work; texts are left out. Gaps and
// figures of `itl` are those of events, and need loads that kept their gaps.
Value vllm_result(const BenchView& view);

}  // namespace llmops
