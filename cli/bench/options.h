#pragma once
// What the command line of `bench` says; empty and absent: nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace llmops {

struct BenchOptions {
  std::string suite;
  std::string base_url, model, provider, key_variable, against;
  std::optional<double> input_tokens, input_stddev, output_tokens, output_stddev;
  std::optional<std::int64_t> shared_prefix;
  std::optional<int> prefixes;
  std::string dataset, tokenizer;
  bool no_unique = false, ignore_eos = false;
  std::optional<int> turns;
  std::string think;
  std::vector<int> concurrency;
  std::vector<double> rate;
  std::string arrivals;
  std::optional<double> burstiness, ramp_to;
  std::string ramp_time;
  std::optional<int> most_in_flight;
  std::string trace, trace_unit;
  std::optional<double> trace_speed, goodput;
  std::optional<std::int64_t> requests, warm_up_requests;
  std::string duration, warm_up, cool_down, stage;
  bool sweep = false;
  std::optional<int> repeat;
  std::vector<std::string> objectives;  // "ttft=500ms"
  std::string metrics_url;
  bool gpu = false, no_gpu = false;
  std::string baseline;
  bool no_gate = false;
  std::optional<std::uint64_t> seed;
  bool self_test = false;
};
void declare_bench_options(CLI::App& app, BenchOptions& options);

}  // namespace llmops
