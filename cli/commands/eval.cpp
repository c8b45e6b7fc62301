// The main job: load, call, score, compare, gate, report.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "ci/baseline.h"
#include "cli/command.h"
#include "cli/evaluation.h"
#include "cli/forecast.h"
#include "cli/judge_forecast.h"
#include "cli/judge_steps.h"
#include "cli/judges.h"
#include "cli/outputs.h"
#include "cli/pricing.h"
#include "cli/rendered.h"
#include "cli/run_options.h"
#include "cli/shard.h"
#include "cli/store_option.h"
#include "cli/suite.h"
#include "cli/unread_checks.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/cache/response_cache.h"
#include "evaluators/traces/exporter.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

struct Options {
  std::string suite = "llmops.yaml";
  SuiteOverrides overrides;
  OutputFiles files;
  std::string resume;
  std::string store;
  bool no_cache = false;
  bool dry_run = false;
  bool sequential = false;
  bool batch = false;
  RunLimits limits;
  std::string shard;
  std::string traces, otlp;
  std::string tokenizer;
};

// Everything a run needs, checked before anything is called or written.
struct Plan {
  Suite suite;
  std::unique_ptr<EventLoop> loop;
  std::vector<std::unique_ptr<Model>> models;
  std::vector<bool> price_given;  // by the suite, for each model
  std::unique_ptr<SideModels> judges;
  PriceTable prices;
  std::optional<Shard> shard;
  std::optional<Dataset> dataset;
  PromptTokens tokens;  // where nothing but the plan is wanted
  std::shared_ptr<const RunSource> baseline;
  FanOutOptions fan_out;
  std::unique_ptr<TraceExporter> traces;
};

// Takes a result's value, or notes its problems.
template <typename T, typename Into>
void take(Result<T> result, Into& into, Diagnostics& problems) {
  if (result)
    into = *std::move(result);
  else
    append(problems, result.problems());
}

// A limit in USD means nothing for a model whose price nobody knows.
void check_prices(Plan& plan, const Options& options, Diagnostics& problems) {
  if (!options.limits.max_cost) return;
  for (std::size_t i = 0; i < plan.models.size(); ++i) {
    if (plan.models[i] == nullptr || plan.price_given[i]) continue;
    Model& model = *plan.models[i];
    const ProviderInfo* provider = find_provider(model.spec.provider);
    for (const auto& prompt : plan.suite.prompts) {
      price_model(model, false, *prompt, plan.prices);
      if (model.spec.price || provider == nullptr || !provider->cacheable) continue;
      problems.push_back(problem(
          fmt::format("--max-cost: nothing says what `{}` costs",
                      model.spec.name.empty() ? prompt->model : model.spec.name),
          "", "write `price: {input: USD, output: USD}` (for a million tokens) under `model:`"));
      break;
    }
  }
}

// Batches have no times, and not every provider has batches.
void check_batch(Plan& plan, Diagnostics& problems) {
  if (plan.suite.rules_on_times)
    problems.push_back(
        problem("--batch: the gate has rules on times, and answers of a batch have none", "",
                "leave --batch out, or the rules on latency, ttft, tpot and itl"));
  for (const auto& model : plan.models) {
    if (model == nullptr) continue;
    model->spec.stream = false;
    if (model->provider->batch() == nullptr)
      problems.push_back(
          problem(fmt::format("--batch: `{}` has no batches", model->spec.provider), "",
                  "`openai` and `anthropic` have them (without `record`); leave --batch out"));
    for (const auto& [key, there] : {
             std::pair{"fallback", !model->fallback.empty()        },
             std::pair{"hedge",    model->spec.hedge.has_value()   },
             std::pair{"n",        model->spec.samples_per_call > 1}
    })
      if (there)
        problems.push_back({Severity::warning, "", 0, 0,
                            fmt::format("--batch: `{}` of the model has no effect in a batch", key),
                            "", "a call that fails in a batch is not asked a second time"});
  }
}

void check_traces(const Options& options, Diagnostics& problems) {
  const std::filesystem::path file = options.traces;
  if (file.has_parent_path() && !std::filesystem::is_directory(file.parent_path()))
    problems.push_back(problem(
        fmt::format("--traces names a file in a folder that is not there: {}", options.traces), "",
        "make the folder first"));
  if (!options.otlp.empty() && !options.otlp.starts_with("http://") &&
      !options.otlp.starts_with("https://"))
    problems.push_back(problem(fmt::format("--otlp is `{}`", options.otlp),
                               "expected the http:// or https:// URL of a collector, such as "
                               "http://127.0.0.1:4318"));
}

void check_judge_prices(const Plan& plan, const Options& options, Diagnostics& problems) {
  if (!options.limits.max_cost) return;
  for (const std::unique_ptr<Model>& model : plan.judges->models()) {
    if (model == nullptr || model->spec.price) continue;
    const ProviderInfo* provider = find_provider(model->spec.provider);
    if (provider == nullptr || !provider->cacheable) continue;
    problems.push_back(problem(
        fmt::format("--max-cost: nothing says what the judge `{}` costs", model->spec.name), "",
        "write `price: {input: USD, output: USD}` (for a million tokens) into its mapping"));
  }
}

Result<Plan> make_plan(const Options& options) {
  SuiteOverrides overrides = options.overrides;
  overrides.no_gate = overrides.no_gate || !options.shard.empty();  // `runs merge` gates all parts
  Result<Suite> suite = load_suite(options.suite, overrides);
  if (!suite) return suite.problems();
  Diagnostics problems = suite.problems();  // warnings
  Plan plan{.suite = *std::move(suite), .loop = std::make_unique<EventLoop>()};

  for (const Value& model : plan.suite.models) {
    plan.models.push_back(
        make_model(model, plan.suite.source, plan.suite.folder, *plan.loop, problems));
    if (plan.models.back() != nullptr) check_several(plan.suite, *plan.models.back(), problems);
    plan.price_given.push_back(plan.models.back() != nullptr &&
                               plan.models.back()->spec.price.has_value());
  }
  take(price_table(plan.suite), plan.prices, problems);
  check_prices(plan, options, problems);
  check_traces(options, problems);
  if (options.batch) check_batch(plan, problems);
  plan.judges = make_side_models(plan.suite, plan.prices, problems);
  check_judge_prices(plan, options, problems);
  if (!options.shard.empty()) take(read_shard(options.shard), plan.shard, problems);
  std::shared_ptr<const TokenCounter> tokenizer;
  if (options.dry_run)
    take(
        open_counter(options.tokenizer.empty() ? plan.suite.tokenizer.string() : options.tokenizer),
        tokenizer, problems);
  MessageCounter counter(plan.suite, std::move(tokenizer));
  Result<Dataset> dataset = Dataset::open(
      plan.suite.dataset, [&](const Case& row, Diagnostics& found) { counter.add(row, found); });
  if (dataset)
    plan.dataset = *std::move(dataset);
  else
    append(problems, dataset.problems());
  plan.tokens = counter.tokens();
  if (plan.dataset) append(problems, unread_checks(plan.suite, plan.dataset->info()));
  if (plan.dataset && !has_errors(problems)) survey(plan.suite.evaluators, *plan.dataset);
  if (plan.suite.gate && plan.suite.gate->baseline) {
    Result<std::shared_ptr<const RunSource>> baseline = open_baseline(*plan.suite.gate->baseline);
    if (baseline)
      plan.baseline = *std::move(baseline);
    else
      append(problems, baseline.problems());
  }
  plan.fan_out = fan_out_options(options.limits, plan.suite.seed, problems);
  if (has_errors(problems)) return problems;
  return {std::move(plan), std::move(problems)};
}

// What a resumed run must share with the one it goes on with.
std::string content_of(const Plan& plan, const Cell& cell) {
  return sha256(plan.suite.source.text() + cell.prompt->sha256 +
                dump_json(Value(cell.model->spec.identity)) + plan.dataset->info().sha256 +
                (plan.shard ? fmt::format("{}/{}", plan.shard->index, plan.shard->of) : ""));
}

std::filesystem::path store_folder(const Options& options, const Suite& suite) {
  return options.store.empty() ? state_folder(suite.folder) : std::filesystem::path(options.store);
}

bool reads_cache(const Options& options, const Suite& suite) {
  return !options.no_cache && suite.cache_ttl && !suite.rules_on_times;
}

Cell make_cell(Plan& plan, std::shared_ptr<const Prompt> prompt, std::size_t model) {
  Cell cell{std::move(prompt), plan.models[model].get(), ""};
  cell.priced_by = price_model(*cell.model, plan.price_given[model], *cell.prompt, plan.prices);
  return cell;
}

// How many samples the response cache has.
std::int64_t known_samples(Plan& plan, const Options& options) {
  const std::filesystem::path folder = store_folder(options, plan.suite);
  if (!reads_cache(options, plan.suite) || !Store::exists(folder)) return 0;
  { const Store upgraded(folder); }
  ResponseCache cache(folder, *plan.suite.cache_ttl);
  std::int64_t known = 0;
  for (const auto& prompt : plan.suite.prompts)
    for (std::size_t i = 0; i < plan.models.size(); ++i) {
      const Cell cell = make_cell(plan, prompt, i);
      const ProviderInfo* provider = find_provider(cell.model->spec.provider);
      if (provider == nullptr || !provider->cacheable) continue;
      CacheKeys keys(cell.model->spec);
      Requests requests(plan.suite, plan.dataset->cases(), cell, nullptr, "", plan.shard);
      while (const auto request = requests.next())
        if (cache.find(keys.key(*request))) ++known;
    }
  return known;
}

// What a batch costs of the ordinary price; when it ends nobody knows.
void halve(Plan& plan, std::vector<CellForecast>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell cell =
        make_cell(plan, plan.suite.prompts[i / plan.models.size()], i % plan.models.size());
    const double share = cell.model->spec.price ? cell.model->spec.price->batch : Price{}.batch;
    if (cells[i].cost_usd) *cells[i].cost_usd *= share;
    cells[i].time_s.reset();
    cells[i].prices_from +=
        fmt::format("{}{} of it by batch", cells[i].prices_from.empty() ? "" : ", ", share);
  }
}

// --dry-run: what `plan` says of the same suite, and what needs no call any more.
ExitCode say_plan(Plan& plan, const Options& options, Console& console) {
  const Result<Earlier> earlier = find_earlier({options.store, options.suite}, "", plan.suite);
  if (!earlier) return console.reject(earlier.problems(), "eval");
  const std::int64_t cases = cases_of(*plan.dataset, plan.shard);
  std::vector<CellForecast> cells = forecast(plan.suite, cases, plan.tokens, *earlier, plan.prices);
  if (options.batch) halve(plan, cells);
  std::int64_t calls = 0, samples = 0;
  for (const CellForecast& cell : cells) {
    calls += cell.calls;
    samples += cell.samples;
  }
  const std::int64_t known = known_samples(plan, options);
  const std::vector<JudgeForecast> judges = forecast_judges(
      plan.suite, *plan.dataset, samples, answer_tokens_of(cells), *earlier, plan.prices);
  const std::optional<double> cost = total_cost(cells, judges);
  if (console.json()) {
    List cell_values;
    for (const CellForecast& cell : cells) cell_values.push_back(cell_value(cell));
    Object out{
        {"schema_version", 1                     },
        {"command",        "eval"                },
        {"dry_run",        true                  },
        {"cases",          cases                 },
        {"calls",          calls                 },
        {"cached",         known                 },
        {"cells",          std::move(cell_values)}
    };
    if (!judges.empty()) out.add("judges", judge_forecast_value(judges));
    if (cost) out.add("cost_usd", *cost);
    if (!earlier->run.empty()) out.add("earlier_run", earlier->run);
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text =
      fmt::format("{} cases, {} calls{}; nothing was called (--dry-run)\n", cases, calls,
                  known > 0 ? fmt::format(" ({} of them in the response cache)", known) : "");
  for (const CellForecast& cell : cells) text += "  " + cell_text(cell) + "\n";
  text += judge_forecast_text(judges);
  if (cost && !judges.empty()) text += fmt::format("  all of it ${:.4f}\n", *cost);
  console.print(visible_lines(text));
  return ExitCode::passed;
}

Result<std::string> run_to_resume(const Store& store, const Options& options, const Plan& plan,
                                  const Cell& cell) {
  Result<StoredRunInfo> found = store.find_run(options.resume);
  if (!found) return found.problems();
  const Value* content = found->spec.find("content");
  if (found->header.complete)
    return problem(fmt::format("run {} is complete", found->header.id), "",
                   "start a new one without --resume");
  if (content == nullptr || to_text(*content) != content_of(plan, cell))
    return problem(fmt::format("run {} was started with another suite, prompt, model or dataset",
                               found->header.id),
                   "", "start a new run, or put the files back as they were");
  if ((found->spec.find("batch") != nullptr) != options.batch)
    return problem(fmt::format("run {} was started {} --batch", found->header.id,
                               options.batch ? "without" : "with"),
                   "", options.batch ? "leave --batch out" : "add --batch: its batches are out");
  return found->header.id;
}

// The outputs of the baseline's run, where judges may want them and they are stored here.
// They have a connection of their own: the run's is used by another thread.
struct AcceptedOutputs {
  AcceptedOutputs(const Plan& plan, const std::filesystem::path& folder) {
    if (plan.judges->empty() || plan.baseline == nullptr) return;
    store = std::make_unique<Store>(folder);
    const Result<StoredRunInfo> found = store->find_run(plan.baseline->header().id);
    if (found && found->header.id == plan.baseline->header().id)
      outputs = store->open_outputs(found->header);
  }
  std::unique_ptr<Store> store;
  std::unique_ptr<OutputSource> outputs;  // nullptr: not there
};

// One cell of the matrix: asked, compared, decided, reported.
Result<ExitCode> run_one(const Plan& plan, const Options& options, const Cell& cell, Store& store,
                         Console& console, List* documents) {
  EvaluationOptions evaluation{.fan_out = plan.fan_out,
                               .resume = {},
                               .content = content_of(plan, cell),
                               .shard = plan.shard,
                               .batch = options.batch,
                               .traces = plan.traces.get(),
                               .read_cache = reads_cache(options, plan.suite),
                               .write_cache = !options.no_cache,
                               .read_judge_cache = !options.no_cache && plan.suite.cache_ttl,
                               .judges = plan.judges->empty() ? nullptr : plan.judges.get()};
  const AcceptedOutputs accepted(plan, store.folder());
  evaluation.baseline = accepted.outputs.get();
  if (!options.resume.empty()) {
    Result<std::string> resumed = run_to_resume(store, options, plan, cell);
    if (!resumed) return resumed.problems();
    evaluation.resume = *resumed;
  }
  std::unique_ptr<SequentialRun> sequential;
  if (options.sequential) {
    Result<std::unique_ptr<SequentialRun>> made =
        SequentialRun::make(plan.suite, *plan.dataset, plan.baseline.get());
    if (!made) return made.problems();
    sequential = *std::move(made);
    evaluation.sequential = sequential.get();
  }
  const Result<RunHeader> ran =
      run_cell(plan.suite, *plan.dataset, cell, store, *plan.loop, evaluation, console);
  if (!ran) return ran.problems();
  const RunHeader& header = *ran;
  std::optional<GateSpec> spec = plan.suite.gate;
  if (sequential != nullptr) spec = sequential->verdict().final_gate();
  const GateSpec* gate = spec ? &*spec : nullptr;
  Decided decided = decide_run(store, header, gate, plan.baseline);
  const bool early = sequential != nullptr && sequential->verdict().decided();
  if (early) {
    decided.verdict = sequential->verdict().verdict();
    name_causes(decided.findings, *decided.verdict);
  }
  if (decided.verdict) store.set_verdict(header.id, verdict_value(*decided.verdict));
  const OutputFiles files =
      documents == nullptr
          ? options.files
          : with_suffix(options.files, fmt::format("{}-{}-{}", cell.prompt->name,
                                                   cell.prompt->version, cell.model->spec.name));
  const ExitCode code =
      publish(store, decided, gate, "eval", files, console, console.json() ? documents : nullptr);
  if (early)
    console.note(header.why_incomplete);
  else if (header.complete && header.shards > 0)
    console.note(fmt::format("run {} is part {} of {}; `llmops runs merge` gates all of them",
                             header.id, header.shard, header.shards));
  else if (!header.complete)
    console.note(fmt::format("run {} is incomplete: {}; `llmops eval {} --resume {}{}` goes on",
                             header.id, header.why_incomplete, options.suite, header.id,
                             options.batch ? " --batch" : ""));
  return code;
}

ExitCode run(const Options& options, Console& console) {
  Result<Plan> made = make_plan(options);
  if (!made) return console.reject(made.problems(), "eval");
  Plan& plan = *made;
  for (const Diagnostic& warning : made.problems()) console.note(render(warning));
  if (options.dry_run) return say_plan(plan, options, console);

  const Diagnostics unpinned = write_missing_steps(plan.suite, *plan.judges, console);
  if (has_errors(unpinned)) return console.reject(unpinned, "eval");
  // One budget and one deadline for all cells of a matrix.
  std::optional<Budget> budget;
  if (options.limits.max_cost || options.limits.max_tokens) {
    budget.emplace(options.limits.max_cost, options.limits.max_tokens);
    plan.fan_out.budget = &*budget;
  }
  std::optional<Clock::time_point> deadline;
  if (plan.fan_out.max_time) deadline = Clock::now() + *plan.fan_out.max_time;
  if (!options.traces.empty() || !options.otlp.empty()) {
    const char* headers = std::getenv("OTEL_EXPORTER_OTLP_HEADERS");
    plan.traces = std::make_unique<TraceExporter>(
        TraceOptions{.file = options.traces,
                     .otlp_url = options.otlp,
                     .headers = otlp_headers(headers == nullptr ? "" : headers)});
  }

  Store store(store_folder(options, plan.suite));
  const bool matrix = plan.suite.prompts.size() * plan.models.size() > 1;
  List documents;
  ExitCode worst = ExitCode::passed;
  for (const auto& prompt : plan.suite.prompts) {
    for (std::size_t model = 0; model < plan.models.size(); ++model) {
      if (interrupts() > 0) break;
      const Cell cell = make_cell(plan, prompt, model);
      if (deadline)
        plan.fan_out.max_time = std::max(*deadline - Clock::now(), Clock::duration::zero());
      const Result<ExitCode> code =
          run_one(plan, options, cell, store, console, matrix ? &documents : nullptr);
      if (!code) return console.reject(code.problems(), "eval");
      worst = std::max(worst, *code);
    }
  }
  if (plan.traces)
    if (const std::string lost = plan.traces->finish(); !lost.empty()) console.note(visible(lost));
  if (matrix && console.json())
    console.print_json(Object{
        {"schema_version", 1                   },
        {"command",        "eval"              },
        {"matrix",         std::move(documents)}
    });
  return worst;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("SUITE", options->suite, "the suite file")->capture_default_str();
  app.add_option("--prompt", options->overrides.prompt, "another prompt: file, name, name@version")
      ->group("What is run");
  app.add_option("--dataset", options->overrides.dataset, "another dataset file")
      ->group("What is run");
  declare_choices(app, options->overrides);
  app.add_option("--resume", options->resume, "go on with an incomplete run: id or `last`")
      ->type_name("RUN")
      ->group("What is run");
  app.add_option("--shard", options->shard,
                 "part I of N of the dataset, or `auto` in a job array; `runs merge` gates all")
      ->type_name("I/N")
      ->group("What is run");
  app.add_flag("--dry-run", options->dry_run,
               "check everything, call nothing; tell calls, tokens, cost and time")
      ->group("What is run");
  app.add_option("--tokenizer", options->tokenizer,
                 "of --dry-run: tokenizer.json, .tiktoken, sentencepiece or their folder (default: "
                 "`tokenizer` of the suite, else an estimate)")
      ->type_name("PATH")
      ->needs("--dry-run")
      ->group("What is run");
  app.add_option("--baseline", options->overrides.baseline, "another baseline file")
      ->type_name("FILE")
      ->group("Gate");
  app.add_flag("--no-gate", options->overrides.no_gate,
               "gate nothing: makes the run that becomes a baseline")
      ->group("Gate");
  app.add_flag("--sequential", options->sequential,
               "ask in random order and stop as soon as pass or fail is certain")
      ->excludes("--resume")
      ->excludes("--shard")
      ->group("Gate");
  app.add_flag("--batch", options->batch,
               "ask by batch: half the price, within a day, no times; Ctrl-C leaves the\n"
               "batch with the server, and --resume finds it again")
      ->excludes("--sequential")
      ->group("What is run");
  declare_limits(app, options->overrides, options->limits);
  app.add_flag("--no-cache", options->no_cache,
               "neither take answers from the response cache nor keep them there")
      ->group("Limits");
  declare_store_option(app, options->store, "beside the suite")->group("Limits");
  declare_output_options(app, options->files);
  app.add_option("--traces", options->traces, "append a JSON line for each call to FILE")
      ->type_name("FILE")
      ->group("Output");
  app.add_option("--otlp", options->otlp,
                 "send a span for each call to an OpenTelemetry collector (OTLP/HTTP, JSON);\n"
                 "OTEL_EXPORTER_OTLP_HEADERS holds headers for it")
      ->type_name("URL")
      ->group("Output");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kEvalCommand;
constexpr CommandInfo kEvalCommand{
    .name = "eval",
    .summary = "Load, call, score, compare with the baseline, gate, report",
    .examples =
        "  llmops eval\n  llmops eval llmops.yaml --prompt support@2.3.0 --html report.html\n",
    .declare = &declare,
};

}  // namespace llmops
