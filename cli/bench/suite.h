#pragma once
// A bench suite: which server, what is asked, how hard, what is promised, what is gated. A file
// (`bench.yaml`), the command line, or both: the command line wins.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ci/gate/gate_file.h"
#include "ci/serving/load_figures.h"
#include "cli/bench/options.h"
#include "evaluators/load/driver.h"
#include "evaluators/load/trace_file.h"

namespace llmops {

struct BenchSuite {
  std::filesystem::path file, folder;  // empty: the command line alone
  Source source{"", ""};
  Value model;                   // a mapping, as a suite's `model:`
  std::optional<Value> against;  // the server that the first one is compared with, interleaved
  WorkloadSpec workload;
  LoadOptions load;                // of each point, but for its concurrency or rate
  std::vector<int> concurrencies;  // closed loop points
  std::vector<double> rates;       // open loop points
  std::filesystem::path trace;     // recorded arrivals; empty: none
  TraceOptions trace_options;
  bool sweep = false;            // finds the highest rate within the objectives
  double stage_s = 10;           // of a sweep
  double wanted_goodput = 0.95;  // of a sweep
  int repeat = 1;                // loads of the same point; with `against` interleaved rounds
  std::vector<Objective> objectives;
  std::string metrics_url;  // empty: none; "auto": /metrics beside the API
  std::optional<bool> gpu;  // absent: where the server is on this machine
  std::optional<GateSpec> gate;
  std::uint64_t seed = 1;
};

Result<BenchSuite> load_bench_suite(const BenchOptions& options);

// The command line over what the file said; notes every problem.
void override_suite(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems);

// Counts recorded answers from now on.
void read_tokenizer(const std::filesystem::path& path, BenchSuite& suite, Diagnostics& problems);

// What an objective can be set on.
inline constexpr std::string_view kObjectives[] = {"ttft", "service_ttft", "ttfo",
                                                   "tpot", "itl",          "latency"};

}  // namespace llmops
