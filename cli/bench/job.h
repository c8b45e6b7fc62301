#pragma once
// Runs the loads of a bench suite: looks at the server first, then loads it, watched by telemetry.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/look.h"
#include "cli/console.h"
#include "evaluators/telemetry/server_watch.h"

namespace llmops {

// Loads of one server, and what was seen of it and of this machine meanwhile.
struct BenchSide {
  std::vector<LoadResult> loads;  // repeats, or blocks
  LoadFigures figures;            // of all of them together
  ServerReport server;
  std::vector<std::vector<GpuFacts>> cards;  // one list a load
  std::vector<HostFacts> host;               // one a load
};

struct BenchPoint {
  std::string name;    // "concurrency 8", "rate 4/s"
  double offered = 0;  // concurrency, or requests a second
  bool open = false;
  BenchSide side;
  std::optional<BenchSide> against;  // the second server, block by block
};

struct BenchJob {
  FirstLook look;
  std::optional<FirstLook> against_look;
  std::vector<BenchPoint> points;
  std::optional<double> best_rate;  // of a sweep; absent: not even the lowest kept the objectives
  std::string saturated;            // of a sweep: why the next rate was too high
  std::unique_ptr<GpuTelemetry> gpu;
  std::string why_no_gpu;
  bool served_here = false;
  std::vector<std::string> warnings;
  bool interrupted = false;
};

// `keep_gaps`: see LoadOptions. A problem: the server does not answer as it must. Shows progress on
// `console`.
Result<BenchJob> run_bench(const BenchSuite& suite, bool keep_gaps, Console& console);

// Output tokens of all loads of a side, and the energy that their cards took: J a token; nullopt
// where a card does not tell.
std::optional<double> joules_per_token(const BenchSide& side);

}  // namespace llmops
