#pragma once
// A bench suite: which server, what is asked, how hard, what is promised, what is gated. A file
// (`bench.yaml`), the command line, or both: the command line wins.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ci/gate/gate_file.h"
#include "ci/serving/load_figures.h"
#include "evaluators/load/driver.h"

namespace CLI {
class App;
}

namespace llmops {

// What the command line says; empty and absent: nothing.
struct BenchOptions {
  std::string suite;
  std::string base_url, model, provider, key_variable, against;
  std::optional<double> input_tokens, input_stddev, output_tokens, output_stddev;
  std::optional<std::int64_t> shared_prefix;
  std::string dataset;
  bool no_unique = false, ignore_eos = false;
  std::optional<int> turns;
  std::string think;
  std::vector<int> concurrency;
  std::vector<double> rate;
  std::string arrivals;
  std::optional<double> burstiness, ramp_to;
  std::string ramp_time;
  std::optional<int> most_in_flight;
  std::string trace;
  std::optional<std::int64_t> requests;
  std::string duration, warm_up;
  bool sweep = false;
  std::optional<int> repeat;
  std::vector<std::string> objectives;  // "ttft=500ms"
  std::string metrics_url;
  bool no_gpu = false;
  std::string baseline;
  std::optional<std::uint64_t> seed;
};
void declare_bench_options(CLI::App& app, BenchOptions& options);

struct BenchSuite {
  std::filesystem::path file, folder;  // empty: the command line alone
  Source source{"", ""};
  Value model;                   // a mapping, as a suite's `model:`
  std::optional<Value> against;  // the server that the first one is compared with, interleaved
  WorkloadSpec workload;
  LoadOptions load;                // of each point, but for its concurrency or rate
  std::vector<int> concurrencies;  // closed loop points
  std::vector<double> rates;       // open loop points
  bool sweep = false;              // finds the highest rate within the objectives
  double stage_s = 10;             // of a sweep
  double wanted_goodput = 0.95;    // of a sweep
  int repeat = 1;                  // loads of the same point; with `against` interleaved rounds
  std::vector<Objective> objectives;
  std::string metrics_url;  // empty: none; "auto": /metrics beside the API
  bool gpu = true;
  std::optional<GateSpec> gate;
  std::uint64_t seed = 1;
};

Result<BenchSuite> load_bench_suite(const BenchOptions& options);

}  // namespace llmops
