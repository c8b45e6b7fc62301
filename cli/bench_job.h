#pragma once
// Runs the loads of a bench suite: looks at the server first, then loads it, watched by telemetry.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench_suite.h"
#include "cli/console.h"
#include "evaluators/telemetry/gpu.h"
#include "evaluators/telemetry/prometheus.h"

namespace llmops {

// One load and what was seen of the server meanwhile.
struct BenchPoint {
  std::string name;    // "concurrency 8", "rate 4/s"
  double offered = 0;  // concurrency, or requests a second
  bool open = false;
  std::vector<LoadResult> loads;          // repeats
  std::vector<LoadResult> against_loads;  // of the second server, block by block
  LoadFigures figures;                    // of all repeats together
  std::optional<LoadFigures> against_figures;
  ServerReport server;
};

// What a first look at the server told.
struct FirstLook {
  std::string model_answered;  // as the server names it
  double service_s = 0;        // of a short request
  TokenScale scale;            // 1 token a word where the server counts nothing
  bool counted = false;        // the server counts input tokens
  bool streamed = true;
  bool ignores_eos = true;  // the wished length came, where it was asked for
};

struct BenchJob {
  FirstLook look;
  std::vector<BenchPoint> points;
  std::optional<double> best_rate;  // of a sweep; absent: not even the lowest kept the objectives
  std::string saturated;            // of a sweep: why the next rate was too high
  std::unique_ptr<GpuTelemetry> gpu;
  std::string why_no_gpu;
  std::vector<std::string> warnings;
  bool interrupted = false;
};

// A problem: the server does not answer as it must. Shows progress on `console`.
Result<BenchJob> run_bench(const BenchSuite& suite, Console& console);

}  // namespace llmops
