#include "cli/bench_suite.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "ci/serving/load_run.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"
#include "datasets/text/yaml.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kObjectives[] = {"ttft", "service_ttft", "tpot", "itl", "latency"};
constexpr std::string_view kArrivals[] = {"poisson", "constant", "gamma"};

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

LengthSpec read_length(Fields& fields, std::string_view key, LengthSpec length) {
  const Value* value = fields.value(key);
  if (value == nullptr) return length;
  if (!value->is_object()) {
    length.mean = fields.number(key, {1, 1e7}).value_or(length.mean);
    length.stddev = 0;
    return length;
  }
  Fields own(*value, fields.source(), fields.problems(), fmt::format("`{}`", key));
  length.mean = own.number("mean", {1, 1e7}).value_or(length.mean);
  length.stddev = own.number("stddev", {0, 1e7}).value_or(0);
  length.low = own.integer("min", {1, 1e7}).value_or(length.low);
  length.high = own.integer("max", {1, 1e7}).value_or(length.high);
  if (length.low > length.high)
    own.error(own.mark("min"), "`min` is larger than `max`", "expected min <= max");
  own.finish();
  return length;
}

void read_workload(const Value& value, BenchSuite& suite, Diagnostics& problems) {
  Fields fields(value, suite.source, problems, "`workload`");
  WorkloadSpec& spec = suite.workload;
  spec.input = read_length(fields, "input_tokens", spec.input);
  spec.output = read_length(fields, "output_tokens", spec.output);
  spec.shared_prefix = fields.integer("shared_prefix", {0, 1e7}).value_or(0);
  spec.prefixes = static_cast<int>(fields.integer("prefixes", {1, 1e6}).value_or(1));
  spec.unique = fields.boolean("unique").value_or(true);
  spec.ignore_eos = fields.boolean("ignore_eos").value_or(false);
  spec.turns = static_cast<int>(fields.integer("turns", {1, 1000}).value_or(1));
  if (const auto think = fields.duration("think")) spec.think_s = seconds(*think);
  if (const Value* dataset = fields.value("dataset")) {
    spec.dataset = read_dataset_spec(*dataset, suite.source, suite.folder, problems);
    if (!fields.has("output_tokens")) spec.output.mean = 0;
  }
  fields.finish();
}

std::vector<double> numbers(Fields& fields, std::string_view key, Bounds bounds) {
  std::vector<double> found;
  const Value* value = fields.value(key);
  if (value == nullptr) return found;
  if (!value->is_list()) {
    if (const auto one = fields.number(key, bounds)) found.push_back(*one);
    return found;
  }
  for (const Value& item : *value->list()) {
    if (item.is_number() && item.number() >= bounds.low && item.number() <= bounds.high)
      found.push_back(item.number());
    else
      fields.error(item.mark(), fmt::format("`{}` holds `{}`", key, visible(to_text(item))),
                   fmt::format("expected a number of at least {:g}", bounds.low));
  }
  return found;
}

// Arrival times of a trace: a JSONL, CSV, ... file with a column `timestamp` (seconds), or `t`.
std::vector<double> read_trace(const fs::path& file, Diagnostics& problems) {
  std::vector<double> times;
  const Result<Dataset> dataset =
      Dataset::open({.path = file}, [&](const Case& row, Diagnostics& found) {
        const Value* at = row.variables.find("timestamp");
        if (at == nullptr) at = row.variables.find("t");
        std::optional<double> time;
        if (at != nullptr && at->is_number()) time = at->number();
        if (at != nullptr && at->is_string()) {
          double value = 0;
          const std::string& text = *at->string();
          const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
          if (error == std::errc() && end == text.data() + text.size()) time = value;
        }
        if (time && (times.empty() || *time >= times.back())) {
          times.push_back(*time);
          return;
        }
        Diagnostic each = problem(
            time ? "the time lies before that of the record above" : "the record has no time",
            "expected a column `timestamp` with ascending seconds");
        each.file = file.string();
        each.line = row.line;
        found.push_back(std::move(each));
      });
  append(problems, dataset.problems());
  if (!times.empty())
    for (double first = times.front(); double& time : times) time -= first;
  return times;
}

void read_load(const Value& value, BenchSuite& suite, Diagnostics& problems) {
  Fields fields(value, suite.source, problems, "`load`");
  for (const double each : numbers(fields, "concurrency", {1, 100000}))
    suite.concurrencies.push_back(static_cast<int>(each));
  suite.rates = numbers(fields, "rate", {1e-3, 1e6});
  ArrivalSpec arrivals;
  const std::string process = fields.one_of("arrivals", kArrivals).value_or("poisson");
  arrivals.constant = process == "constant";
  arrivals.burstiness = fields.number("burstiness", {0.01, 1000}).value_or(1.0);
  if (const Value* ramp = fields.mapping("ramp")) {
    Fields own(*ramp, suite.source, problems, "`ramp`");
    arrivals.rate_end = own.number("to", {1e-3, 1e6}).value_or(0);
    if (const auto time = own.duration("time")) arrivals.ramp_s = seconds(*time);
    if (arrivals.rate_end <= 0) own.missing("to", "the rate at its end, in requests a second");
    if (arrivals.ramp_s <= 0) own.missing("time", "how long the rate grows, such as 60s");
    own.finish();
  }
  if (const auto trace = fields.text("trace"))
    arrivals.trace_s = read_trace(suite.folder / *trace, problems);
  suite.load.arrivals = arrivals;
  suite.load.most_in_flight =
      static_cast<int>(fields.integer("most_in_flight", {1, 1e6}).value_or(0));
  suite.load.requests = fields.integer("requests", {1, 1e9}).value_or(0);
  if (const auto time = fields.duration("duration")) suite.load.duration_s = seconds(*time);
  if (const auto time = fields.duration("warm_up")) suite.load.warm_up_s = seconds(*time);
  suite.load.warm_up_requests = fields.integer("warm_up_requests", {0, 1e9}).value_or(0);
  suite.sweep = fields.boolean("sweep").value_or(false);
  if (const auto stage = fields.duration("stage")) suite.stage_s = seconds(*stage);
  suite.wanted_goodput = fields.number("goodput", {0.01, 1}).value_or(suite.wanted_goodput);
  suite.repeat = static_cast<int>(fields.integer("repeat", {1, 1000}).value_or(1));
  fields.finish();
}

void read_objectives(const Value& value, BenchSuite& suite, Diagnostics& problems) {
  Fields fields(value, suite.source, problems, "`objectives`");
  for (const std::string_view name : kObjectives)
    if (const auto limit = fields.duration(name))
      suite.objectives.push_back({std::string(name), 1e3 * seconds(*limit)});
  fields.finish();
}

void read_file(BenchSuite& suite, const BenchOptions& options, Diagnostics& problems) {
  const Result<Value> root = parse_yaml(suite.source);
  if (!root) return append(problems, root.problems());
  Fields fields(*root, suite.source, problems, "the bench suite");
  fields.text("name");
  fields.text("description");
  if (const Value* model = fields.mapping("model")) suite.model = *model;
  if (const Value* against = fields.mapping("against")) suite.against = *against;
  if (const Value* workload = fields.mapping("workload")) read_workload(*workload, suite, problems);
  if (const Value* load = fields.mapping("load")) read_load(*load, suite, problems);
  if (const Value* objectives = fields.mapping("objectives"))
    read_objectives(*objectives, suite, problems);
  if (const Value* telemetry = fields.mapping("telemetry")) {
    Fields own(*telemetry, suite.source, problems, "`telemetry`");
    suite.metrics_url = own.text("metrics_url").value_or("auto");
    suite.gpu = own.boolean("gpu").value_or(true);
    own.finish();
  }
  suite.seed = static_cast<std::uint64_t>(fields.integer("seed", {0, 9e15}).value_or(1));
  if (const Value* gate = fields.value("gate")) {
    suite.gate = read_gate(*gate, suite.source, suite.folder, load_measure_names(), problems);
    if (!options.baseline.empty()) suite.gate->baseline = options.baseline;
    if (!suite.gate->baseline && !suite.against && options.against.empty())
      append(problems, missing_baseline(*suite.gate, suite.source));
  }
  fields.finish();
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
  if (options.no_unique) spec.unique = false;
  if (options.ignore_eos) spec.ignore_eos = true;
  if (options.turns) spec.turns = *options.turns;
  if (const auto think = time_option(options.think, "--think", problems)) spec.think_s = *think;
  if (options.dataset.empty()) return;
  spec.dataset = DatasetSpec{.path = options.dataset, .shown = options.dataset};
  if (!options.output_tokens) spec.output.mean = 0;
}

void override_load(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems) {
  if (!options.concurrency.empty() || !options.rate.empty() || !options.trace.empty()) {
    suite.concurrencies = options.concurrency;
    suite.rates = options.rate;
  }
  if (!suite.load.arrivals) suite.load.arrivals.emplace();
  ArrivalSpec& arrivals = *suite.load.arrivals;
  if (!options.arrivals.empty()) arrivals.constant = options.arrivals == "constant";
  if (options.burstiness) arrivals.burstiness = *options.burstiness;
  if (options.ramp_to) arrivals.rate_end = *options.ramp_to;
  if (const auto time = time_option(options.ramp_time, "--ramp-time", problems))
    arrivals.ramp_s = *time;
  if (!options.trace.empty()) arrivals.trace_s = read_trace(options.trace, problems);
  if (options.most_in_flight) suite.load.most_in_flight = *options.most_in_flight;
  if (options.requests) {
    suite.load.requests = *options.requests;
    suite.load.duration_s = 0;
  }
  if (const auto time = time_option(options.duration, "--duration", problems)) {
    suite.load.duration_s = *time;
    if (!options.requests) suite.load.requests = 0;
  }
  if (const auto time = time_option(options.warm_up, "--warm-up", problems))
    suite.load.warm_up_s = *time;
  if (options.sweep) suite.sweep = true;
  if (options.repeat) suite.repeat = *options.repeat;
}

void override_objectives(const BenchOptions& options, BenchSuite& suite, Diagnostics& problems) {
  for (const std::string& text : options.objectives) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto limit =
        equals == std::string::npos ? std::nullopt : parse_duration(text.substr(equals + 1));
    if (!limit || std::ranges::find(kObjectives, name) == std::end(kObjectives)) {
      problems.push_back(
          problem(fmt::format("--objective is `{}`", visible(text)),
                  "expected METRIC=TIME, METRIC one of ttft, service_ttft, tpot, itl, latency"));
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

// What `--baseline` without a suite gates.
GateSpec usual_gate(const std::string& baseline) {
  const Source source("the usual rules", R"(rules:
  - {metric: ttft_p95, max_increase: 30%}
  - {metric: tpot_p50, max_increase: 20%}
  - {metric: output_tokens, max_increase: 10%}
  - {metric: error_rate, max: 1%}
)");
  Diagnostics problems;
  GateSpec gate = read_gate(*parse_yaml(source), source, ".", load_measure_names(), problems);
  gate.baseline = baseline;
  return gate;
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

void check(BenchSuite& suite, Diagnostics& problems) {
  const bool trace = suite.load.arrivals && !suite.load.arrivals->trace_s.empty();
  if (!suite.concurrencies.empty() && (!suite.rates.empty() || trace))
    problems.push_back(problem("both a concurrency and a rate are given",
                               "expected --concurrency (closed loop) or --rate (open loop)"));
  if (suite.sweep && suite.objectives.empty())
    problems.push_back(problem("a sweep needs to know what is still good enough",
                               "expected objectives, such as --objective ttft=500ms"));
  if (suite.sweep && suite.against)
    problems.push_back(problem("a sweep measures one server", "expected --sweep or --against"));
  const std::size_t points = suite.concurrencies.size() + suite.rates.size() + (trace ? 1 : 0);
  if (points == 0 && !suite.sweep) suite.concurrencies = {1};
  if ((suite.gate || suite.against) && (points > 1 || suite.sweep))
    problems.push_back(problem("a gate decides on one load", "expected one concurrency or rate"));
  if (suite.load.requests == 0 && suite.load.duration_s <= 0 && !trace) suite.load.requests = 100;
  if (suite.workload.think_s > 0) suite.load.think_s = suite.workload.think_s;
}

}  // namespace

void declare_bench_options(CLI::App& app, BenchOptions& options) {
  app.add_option("SUITE", options.suite, "a bench suite (bench.yaml)");
  const auto server = [&](const char* name, std::string& into, const char* what) {
    return app.add_option(name, into, what)->group("Server");
  };
  server("--base-url", options.base_url, "of the API, such as http://127.0.0.1:8000/v1")
      ->type_name("URL");
  server("--model", options.model, "the name that the server knows it by");
  server("--provider", options.provider, "the protocol (default: openai)");
  server("--api-key-env", options.key_variable, "environment variable that holds the key");
  server("--against", options.against, "a second server, loaded in turns with the first")
      ->type_name("URL");
  server("--metrics-url", options.metrics_url,
         "Prometheus page of the server (default: /metrics beside the API; none: -)")
      ->type_name("URL");
  app.add_flag("--no-gpu", options.no_gpu, "do not look at this machine's GPUs")->group("Server");

  const auto work = [&](const char* name, auto& into, const char* what) {
    return app.add_option(name, into, what)->group("What is asked");
  };
  work("--input-tokens", options.input_tokens, "mean length of a prompt (default: 512)")
      ->check(CLI::Range(1.0, 1e7));
  work("--input-stddev", options.input_stddev, "its standard deviation")
      ->check(CLI::Range(0.0, 1e7));
  work("--output-tokens", options.output_tokens, "most tokens of an answer (default: 128)")
      ->check(CLI::Range(1.0, 1e7));
  work("--output-stddev", options.output_stddev, "its standard deviation")
      ->check(CLI::Range(0.0, 1e7));
  work("--shared-prefix", options.shared_prefix, "tokens that all prompts begin with")
      ->check(CLI::Range(0, 10'000'000));
  work("--dataset", options.dataset, "prompts of a file: JSONL, CSV, ShareGPT, ...")
      ->type_name("FILE");
  work("--turns", options.turns, "of each conversation")->check(CLI::Range(1, 1000));
  work("--think", options.think, "pause before the next turn")->type_name("TIME");
  app.add_flag("--no-unique", options.no_unique, "let the server's prefix cache help")
      ->group("What is asked");
  app.add_flag("--ignore-eos", options.ignore_eos, "ask for the whole length (vLLM, llama.cpp)")
      ->group("What is asked");

  const auto load = [&](const char* name, auto& into, const char* what) {
    return app.add_option(name, into, what)->group("Load");
  };
  load("--concurrency", options.concurrency,
       "closed loop: requests in flight; several: one after another")
      ->delimiter(',')
      ->check(CLI::Range(1, 100000));
  load("--rate", options.rate, "open loop: requests a second; several: one after another")
      ->delimiter(',')
      ->check(CLI::Range(1e-3, 1e6));
  load("--arrivals", options.arrivals, "poisson (default), constant, gamma")
      ->check(CLI::IsMember({"poisson", "constant", "gamma"}));
  load("--burstiness", options.burstiness, "gamma shape: below 1 in bursts, above 1 even")
      ->check(CLI::Range(0.01, 1000.0));
  load("--ramp-to", options.ramp_to, "the rate grows or falls to this")
      ->check(CLI::Range(1e-3, 1e6));
  load("--ramp-time", options.ramp_time, "within this time")->type_name("TIME");
  load("--most-in-flight", options.most_in_flight, "open loop: what is due beyond waits")
      ->check(CLI::Range(1, 1000000));
  load("--trace", options.trace, "arrival times: a file with a column `timestamp`, in seconds")
      ->type_name("FILE");
  load("--requests", options.requests, "measured requests (default: 100)")
      ->check(CLI::Range(1, 1000000000));
  load("--duration", options.duration, "of the measured part, in place of --requests")
      ->type_name("TIME");
  load("--warm-up", options.warm_up, "at the same load before it, outside the figures")
      ->type_name("TIME");
  app.add_flag("--sweep", options.sweep, "find the highest rate within the objectives")
      ->group("Load");
  load("--repeat", options.repeat, "loads of the same kind; with --against rounds of four blocks")
      ->check(CLI::Range(1, 1000));
  load("--seed", options.seed, "of texts, lengths and arrivals");
  app.add_option("--objective", options.objectives, "METRIC=TIME, such as ttft=500ms; several")
      ->type_name("METRIC=TIME")
      ->group("Gate");
  app.add_option("--baseline", options.baseline, "baseline file of the suite's gate")
      ->type_name("FILE")
      ->group("Gate");
}

Result<BenchSuite> load_bench_suite(const BenchOptions& options) {
  BenchSuite suite;
  suite.metrics_url = "auto";
  Diagnostics problems;
  if (!options.suite.empty()) {
    Result<Source> source = read_source(options.suite, 16U << 20);
    if (!source) return source.problems();
    suite.file = options.suite;
    suite.folder = suite.file.has_parent_path() ? suite.file.parent_path() : fs::path(".");
    suite.source = *std::move(source);
    read_file(suite, options, problems);
  } else {
    suite.source = Source("the command line", "");
    if (!options.baseline.empty()) suite.gate = usual_gate(options.baseline);
  }
  override_model(options, suite, problems);
  override_workload(options, suite, problems);
  override_load(options, suite, problems);
  override_objectives(options, suite, problems);
  if (!options.metrics_url.empty()) suite.metrics_url = options.metrics_url;
  if (suite.metrics_url == "-") suite.metrics_url.clear();
  if (options.no_gpu) suite.gpu = false;
  if (options.seed) suite.seed = *options.seed;
  if (has_errors(problems)) return problems;
  check(suite, problems);
  if (has_errors(problems)) return problems;
  return {std::move(suite), std::move(problems)};
}

}  // namespace llmops
