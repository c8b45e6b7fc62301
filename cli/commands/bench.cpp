// Benchmarks a serving endpoint and gates it.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include "ci/baseline.h"
#include "ci/serving/load_run.h"
#include "cli/bench/report.h"
#include "cli/bench/self_test.h"
#include "cli/command.h"
#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/telemetry/hardware.h"

namespace llmops {
namespace {

struct Options {
  BenchOptions bench;
  std::string save_baseline, csv, vllm_json, json_file, html;
  bool force = false;
};

Object workload_value(const BenchSuite& suite) {
  const WorkloadSpec& spec = suite.workload;
  const auto length = [](const LengthSpec& each) {
    return Object{
        {"mean",   each.mean  },
        {"stddev", each.stddev},
        {"min",    each.low   },
        {"max",    each.high  }
    };
  };
  Object out{
      {"input_tokens",  length(spec.input) },
      {"output_tokens", length(spec.output)},
      {"shared_prefix", spec.shared_prefix },
      {"prefixes",      spec.prefixes      },
      {"unique",        spec.unique        },
      {"ignore_eos",    spec.ignore_eos    },
      {"turns",         spec.turns         }
  };
  if (spec.dataset) out.add("dataset", spec.dataset->shown);
  return out;
}

Value load_value(const BenchSuite& suite) {
  Object out;
  if (!suite.concurrencies.empty())
    out.add("concurrency", List(suite.concurrencies.begin(), suite.concurrencies.end()));
  if (!suite.rates.empty()) {
    out.add("rate", List(suite.rates.begin(), suite.rates.end()));
    out.add("constant", suite.load.arrivals->constant);
    out.add("burstiness", suite.load.arrivals->burstiness);
  }
  return out;
}

// What serves is what is tested: another version or flag is a change, not other hardware.
Object model_of(const Value& model, const FirstLook& look) {
  Object out;
  for (const Member& member : *model.object())
    if (member.key == "provider" || member.key == "name" || member.key == "base_url")
      out.add(member.key, member.value);
  if (out.find("name") == nullptr && !look.model_answered.empty())
    out.add("name", look.model_answered);
  if (!look.info.empty()) out.add("served_by", look.info);
  return out;
}

RunHeader header_of(const BenchSuite& suite, const BenchJob& job) {
  RunHeader header;
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  header.created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
  header.id = fmt::format("{:%Y%m%d-%H%M%S}-bench", fmt::gmtime(now));
  header.suite = suite.file.empty() ? "bench" : suite.file.string();
  const Object workload = workload_value(suite);
  header.prompt = Object{
      {"name",    "benchmark"                       },
      {"version", ""                                },
      {"sha256",  sha256(dump_json(Value(workload)))}
  };
  // The load is part of what was measured: another load is another dataset.
  header.dataset = Object{
      {"path",   "workload"                                                       },
      {"sha256", sha256(dump_json(Value(workload)) + dump_json(load_value(suite)))},
      {"load",   load_value(suite)                                                }
  };
  header.model = model_of(suite.model, job.look);
  if (job.served_here) header.hardware = hardware_fingerprint();
  if (job.gpu != nullptr) {
    header.hardware.set("gpus", gpu_identity(*job.gpu));
    header.hardware.set("driver", job.gpu->driver);
  }
  header.seed = suite.seed;
  header.complete = !job.interrupted;
  if (job.interrupted) header.why_incomplete = "interrupted";
  return header;
}

// Loads of the gated point as pointers, the one shape that runs are made of.
std::vector<const LoadResult*> pointers(const std::vector<LoadResult>& loads) {
  std::vector<const LoadResult*> out;
  for (const LoadResult& load : loads) out.push_back(&load);
  return out;
}

void write_files(const Options& options, const BenchView& view) {
  if (!options.csv.empty())
    write_atomically(options.csv, [&](std::FILE* out) { write_bench_csv(view, out); });
  if (!options.vllm_json.empty())
    write_atomically(options.vllm_json, dump_json(vllm_result(view)) + "\n");
  if (!options.html.empty())
    write_atomically(options.html, [&](std::FILE* out) { write_bench_html(view, out); });
  if (!options.json_file.empty())
    write_atomically(options.json_file, dump_json(bench_document(view)) + "\n");
}

// A load that failed its gate, or was broken off, is no baseline without --force.
void save_baseline(const Options& options, const BenchView& view, const RunSource& run,
                   Console& console) {
  if (options.save_baseline.empty()) return;
  const bool gated = view.gate.verdict.has_value();
  const bool failed = gated && view.gate.verdict->outcome == Outcome::fail;
  if ((failed || view.job.interrupted) && !options.force)
    return console.write_error(
        fmt::format("{} was not written: the load {}; --force accepts it all the same\n",
                    options.save_baseline, failed ? "failed its gate" : "was broken off"));
  Object evidence{
      {"accepted", view.header.created                                                      },
      {"outcome",
       std::string(gated ? name(view.gate.verdict->outcome) : std::string_view("not gated"))}
  };
  if (options.force) evidence.add("forced", true);
  write_baseline(run, options.save_baseline, evidence);
}

ExitCode run(const Options& options, Console& console) {
  if (options.bench.self_test) return self_test(options.bench, console);
  Result<BenchSuite> suite = load_bench_suite(options.bench);
  if (!suite) return console.reject(suite.problems(), "bench");
  std::shared_ptr<const RunSource> stored;
  if (suite->gate && suite->gate->baseline) {
    const std::filesystem::path& file = *suite->gate->baseline;
    if (std::error_code absent; !std::filesystem::exists(file, absent))
      return console.reject(
          Diagnostics{problem(file.string() + ": the baseline is not there",
                              "expected a baseline file",
                              "make it from a first load: llmops bench ... --no-gate "
                              "--save-baseline " +
                                  file.string())},
          "bench");
    Result<std::shared_ptr<const RunSource>> baseline = open_baseline(*suite->gate->baseline);
    if (!baseline) return console.reject(baseline.problems(), "bench");
    stored = *std::move(baseline);
  }
  Result<BenchJob> job = run_bench(*suite, !options.vllm_json.empty(), console);
  if (!job) return console.reject(job.problems(), "bench");
  const RunHeader header = header_of(*suite, *job);
  static const std::vector<LoadResult> kNoLoads;
  const BenchPoint* point = job->points.empty() ? nullptr : &job->points.front();
  const std::vector<LoadResult>& loads = point == nullptr ? kNoLoads : point->side.loads;
  const std::unique_ptr<RunSource> candidate = load_run(header, pointers(loads), suite->objectives);
  std::unique_ptr<RunSource> against;
  if (point != nullptr && point->against) {
    RunHeader other = header;
    other.model = model_of(*suite->against, *job->against_look);
    against = load_run(std::move(other), pointers(point->against->loads), suite->objectives);
  }

  LoadGateInput input{.gate = suite->gate ? &*suite->gate : nullptr,
                      .candidate = candidate.get(),
                      .baseline = against != nullptr ? against.get() : stored.get(),
                      .figures = point == nullptr ? nullptr : &point->side.figures,
                      .loads = &loads,
                      .against = against == nullptr ? nullptr : &point->against->loads,
                      .client_error_ms = client_error_ms(loads),
                      .unique_prompts = suite->workload.unique && suite->workload.turns == 1 &&
                                        suite->workload.shared_prefix == 0,
                      .tell_rounds = true};
  if (against != nullptr)
    input.client_error_ms = std::max(input.client_error_ms, client_error_ms(point->against->loads));
  std::vector<std::shared_ptr<const RunSource>> accepted;
  if (suite->gate && suite->gate->baseline && against == nullptr)
    accepted = accepted_runs(*suite->gate->baseline);
  input.accepted = accepted;
  const LoadGate gate = point == nullptr ? LoadGate{} : gate_load(input);
  const BenchView view{.suite = *suite, .job = *job, .header = candidate->header(), .gate = gate};
  write_files(options, view);
  save_baseline(options, view, *candidate, console);
  if (console.json())
    console.print_json(bench_document(view));
  else
    console.print(bench_screen(view, console.width()));
  if (job->interrupted) return ExitCode::incomplete;
  if (gate.verdict)
    return static_cast<ExitCode>(exit_status(*gate.verdict, suite->gate->on_inconclusive));
  return point != nullptr && point->side.figures.succeeded == 0 ? ExitCode::incomplete
                                                                : ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  declare_bench_options(app, options->bench);
  app.add_option("--save-baseline", options->save_baseline, "accept this load as a baseline file")
      ->type_name("FILE")
      ->group("Gate");
  app.add_flag("--force", options->force, "save a load that failed its gate as baseline, too")
      ->group("Gate");
  app.add_option("--output", options->json_file, "write the JSON document")
      ->type_name("FILE")
      ->group("Reports");
  app.add_option("--html", options->html, "write a page with latency curves and time series")
      ->type_name("FILE")
      ->group("Reports");
  app.add_option("--csv", options->csv, "write one line a request")
      ->type_name("FILE")
      ->group("Reports");
  app.add_option("--vllm-json", options->vllm_json,
                 "write what vLLM's client writes with --save-result")
      ->type_name("FILE")
      ->group("Reports");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kBenchCommand;
constexpr CommandInfo kBenchCommand{
    .name = "bench",
    .summary = "Benchmark a serving endpoint; gate it against a baseline or a second server",
    .examples =
        "  llmops bench --base-url http://127.0.0.1:8000/v1 --model qwen2.5-7b "
        "--concurrency 1,8,32\n  llmops bench bench.yaml --rate 4 --duration 60s "
        "--objective ttft=500ms\n",
    .declare = &declare,
};

}  // namespace llmops
