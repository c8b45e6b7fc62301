// The command line wins over the suite's file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/bench/suite.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// A duration of the command line, in seconds.
std::optional<double> time_option(const std::string& text, const char* option,
                                  Diagnostics& problems) {
  if (text.empty()) return std::nullopt;
  if (const auto time = parse_duration(text)) return seconds(*time);
  problems.push_back(problem(fmt::format("{} is `{}`", option, visible(text)),
                             "expected a duration such as 500ms, 30s or 2m"));
  return std::nullopt;
}

void override_workload(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems) {
  WorkloadSpec& spec = suite.workload;
  if (options.input_tokens) spec.input.mean = *options.input_tokens;
  if (options.input_stddev) spec.input.stddev = *options.input_stddev;
  if (options.output_tokens) spec.output.mean = *options.output_tokens;
  if (options.output_stddev) spec.output.stddev = *options.output_stddev;
  if (options.shared_prefix) spec.shared_prefix = *options.shared_prefix;
  if (options.prefixes) spec.prefixes = *options.prefixes;
  if (options.no_unique) spec.unique = false;
  if (options.ignore_eos) spec.ignore_eos = true;
  if (options.turns) spec.turns = *options.turns;
  if (const auto think = time_option(options.think, "--think", problems)) spec.think_s = *think;
  if (!options.tokenizer.empty()) read_tokenizer(options.tokenizer, suite, problems);
  if (options.dataset.empty()) return;
  spec.dataset = DatasetSpec{.path = options.dataset, .shown = options.dataset};
  if (!options.output_tokens) spec.output.mean = 0;
}

void override_load(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems) {
  if (!options.concurrency.empty() || !options.rate.empty() || !options.trace.empty()) {
    suite.concurrencies = options.concurrency;
    suite.rates = options.rate;
    suite.trace.clear();
  }
  if (!suite.load.arrivals) suite.load.arrivals.emplace();
  ArrivalSpec& arrivals = *suite.load.arrivals;
  if (!options.arrivals.empty()) arrivals.constant = options.arrivals == "constant";
  if (options.burstiness) arrivals.burstiness = *options.burstiness;
  if (options.ramp_to) arrivals.rate_end = *options.ramp_to;
  if (const auto time = time_option(options.ramp_time, "--ramp-time", problems))
    arrivals.ramp_s = *time;
  if (!options.trace.empty()) suite.trace = options.trace;
  if (!options.trace_unit.empty())
    suite.trace_options.unit_s = options.trace_unit == "ms" ? 1e-3 : 1;
  if (options.trace_speed) suite.trace_options.speed = *options.trace_speed;
  if (options.most_in_flight) suite.load.most_in_flight = *options.most_in_flight;
  if (options.requests) {
    suite.load.requests = *options.requests;
    suite.load.duration_s = 0;
  }
  if (options.warm_up_requests) suite.load.warm_up_requests = *options.warm_up_requests;
  if (const auto time = time_option(options.duration, "--duration", problems)) {
    suite.load.duration_s = *time;
    if (!options.requests) suite.load.requests = 0;
  }
  if (const auto time = time_option(options.warm_up, "--warm-up", problems))
    suite.load.warm_up_s = *time;
  if (const auto time = time_option(options.cool_down, "--cool-down", problems))
    suite.load.cool_down_s = *time;
  if (const auto time = time_option(options.stage, "--stage", problems)) suite.stage_s = *time;
  if (options.sweep) suite.sweep = true;
  if (options.goodput) suite.wanted_goodput = *options.goodput;
  if (options.repeat) suite.repeat = *options.repeat;
}

void override_objectives(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems) {
  for (const std::string& text : options.objectives) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto limit =
        equals == std::string::npos ? std::nullopt : parse_duration(text.substr(equals + 1));
    if (!limit || std::ranges::find(kObjectives, name) == std::end(kObjectives)) {
      problems.push_back(problem(
          fmt::format("--objective is `{}`", visible(text)),
          fmt::format("expected METRIC=TIME, METRIC one of {}", fmt::join(kObjectives, ", "))));
      continue;
    }
    std::erase_if(suite.objectives, [&](const Objective& each) { return each.metric == name; });
    suite.objectives.push_back({name, 1e3 * seconds(*limit)});
  }
}

Value with_base_url(Value model, const std::string& url) {
  model.object()->set("base_url", url);
  return model;
}

void override_model(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems) {
  if (suite.model.is_null()) {
    if (options.base_url.empty()) {
      problems.push_back(problem("no server is named", "expected --base-url URL, or a bench suite",
                                 "llmops bench --base-url http://127.0.0.1:8000/v1 --model NAME"));
      return;
    }
    suite.model = Object{
        {"provider", options.provider.empty() ? "openai" : options.provider}
    };
  }
  if (!options.base_url.empty()) suite.model = with_base_url(suite.model, options.base_url);
  if (!options.model.empty()) suite.model.object()->set("name", options.model);
  if (!options.key_variable.empty()) suite.model.object()->set("api_key_env", options.key_variable);
  if (!options.against.empty()) suite.against = with_base_url(suite.model, options.against);
}

}  // namespace

void override_suite(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems) {
  override_model(options, suite, problems);
  override_workload(options, suite, problems);
  override_load(options, suite, problems);
  override_objectives(options, suite, problems);
  if (!options.metrics_url.empty()) suite.metrics_url = options.metrics_url;
  if (suite.metrics_url == "-") suite.metrics_url.clear();
  if (options.gpu) suite.gpu = true;
  if (options.no_gpu) suite.gpu = false;
  if (options.seed) suite.seed = *options.seed;
}

}  // namespace llmops
