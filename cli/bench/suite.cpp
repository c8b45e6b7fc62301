#include "cli/bench/suite.h"

#include <fmt/format.h>

#include "ci/serving/load_run.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"
#include "datasets/text/yaml.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

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
  if (const auto path = fields.text("tokenizer"))
    read_tokenizer(suite.folder / *path, suite, problems);
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

// `trace: FILE`, or `trace: {path: FILE, unit: ms, speed: 2}`.
void read_trace_spec(Fields& fields, BenchSuite& suite, Diagnostics& problems) {
  const Value* value = fields.value("trace");
  if (value == nullptr) return;
  if (!value->is_object()) {
    if (const auto path = fields.text("trace")) suite.trace = suite.folder / *path;
    return;
  }
  constexpr std::string_view kUnits[] = {"s", "ms"};
  Fields own(*value, suite.source, problems, "`trace`");
  if (const auto path = own.text("path"))
    suite.trace = suite.folder / *path;
  else
    own.missing("path", "the file of the arrivals");
  if (own.one_of("unit", kUnits).value_or("s") == "ms") suite.trace_options.unit_s = 1e-3;
  suite.trace_options.speed = own.number("speed", {1e-3, 1e3}).value_or(1);
  own.finish();
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
  read_trace_spec(fields, suite, problems);
  suite.load.arrivals = arrivals;
  suite.load.most_in_flight =
      static_cast<int>(fields.integer("most_in_flight", {1, 1e6}).value_or(0));
  suite.load.requests = fields.integer("requests", {1, 1e9}).value_or(0);
  if (const auto time = fields.duration("duration")) suite.load.duration_s = seconds(*time);
  if (const auto time = fields.duration("warm_up")) suite.load.warm_up_s = seconds(*time);
  if (const auto time = fields.duration("cool_down")) suite.load.cool_down_s = seconds(*time);
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
    suite.gpu = own.boolean("gpu");
    own.finish();
  }
  suite.seed = static_cast<std::uint64_t>(fields.integer("seed", {0, 9e15}).value_or(1));
  if (const Value* gate = fields.value("gate")) {
    suite.gate = read_gate(*gate, suite.source, suite.folder, load_measure_names(), problems);
    if (!options.baseline.empty()) suite.gate->baseline = options.baseline;
    if (!suite.gate->baseline && !suite.against && options.against.empty() && !options.no_gate)
      for (Diagnostic& missing : missing_baseline(*suite.gate, suite.source)) {
        missing.help = "make one with `llmops bench SUITE --no-gate --save-baseline FILE`";
        problems.push_back(std::move(missing));
      }
  }
  fields.finish();
}

// What `--baseline` without a suite gates: decidable with the usual hundred requests.
GateSpec usual_gate(const std::string& baseline) {
  const Source source("the usual rules", R"(rules:
  - {metric: ttft_p95, max_increase: 30%}
  - {metric: tpot_p50, max_increase: 20%}
  - {metric: output_tokens, max_increase: 10%}
  - {metric: error_rate, max: 5%}
)");
  Diagnostics problems;
  GateSpec gate = read_gate(*parse_yaml(source), source, ".", load_measure_names(), problems);
  gate.baseline = baseline;
  return gate;
}

void load_trace(BenchSuite& suite, Diagnostics& problems) {
  if (suite.trace.empty()) return;
  Result<Trace> trace = read_trace(suite.trace, suite.trace_options);
  append(problems, trace.problems());
  if (!trace) return;
  suite.load.arrivals->trace_s = std::move(trace->times_s);
  suite.workload.trace = std::move(trace->lengths);
}

void check(BenchSuite& suite, Diagnostics& problems) {
  const bool trace = !suite.trace.empty();
  load_trace(suite, problems);
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

void read_tokenizer(const fs::path& path, BenchSuite& suite, Diagnostics& problems) {
  Result<std::unique_ptr<const TokenCounter>> counter = load_token_counter(path);
  append(problems, counter.problems());
  if (counter) suite.workload.tokenizer = *std::move(counter);
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
  override_suite(options, suite, problems);
  if (options.no_gate) suite.gate.reset();
  if (has_errors(problems)) return problems;
  check(suite, problems);
  if (has_errors(problems)) return problems;
  return {std::move(suite), std::move(problems)};
}

}  // namespace llmops
