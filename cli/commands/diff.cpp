// Two versions of a prompt side by side: their texts, what each case comes to, and with a suite
// both asked over the same cases in pairs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cli/command.h"
#include "cli/judge_steps.h"
#include "cli/judges.h"
#include "cli/paired_results.h"
#include "cli/paired_run.h"
#include "cli/pricing.h"
#include "cli/run_options.h"
#include "cli/store_option.h"
#include "datasets/text/files.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

struct Options {
  std::string before, after;
  std::string suite, dataset, tokenizer, html, store;
  std::optional<std::string> id;
  SuiteOverrides overrides;
  RunLimits limits;
  bool dry_run = false;
};

// Everything that is checked before anything is called or written.
struct Plan {
  std::optional<Suite> suite;
  std::optional<PromptChanges> changes;
  std::optional<Dataset> dataset;
  std::optional<Case> shown;
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<Model> model;
  std::unique_ptr<SideModels> judges;
  std::string priced_by;
  FanOutOptions fan_out;
  Diagnostics warnings;
};

template <typename T>
std::optional<T> taken(Result<T> from, Diagnostics& problems) {
  append(problems, from.problems());
  if (!from) return std::nullopt;
  return *std::move(from);
}

std::optional<Suite> read_suite_of(const Options& options, const Prompt& before,
                                   Diagnostics& problems) {
  SuiteOverrides overrides = options.overrides;
  overrides.prompt = before.revision.empty() ? before.file.string() : options.before;
  overrides.baseline = options.before;  // the first version is what rules compare with
  if (!options.dataset.empty()) overrides.dataset = options.dataset;
  std::optional<Suite> suite = taken(load_suite(options.suite, overrides), problems);
  if (suite && suite->gate) suite->gate->baseline.reset();
  if (suite && suite->models.size() > 1)
    problems.push_back(
        problem(fmt::format("{} names {} models", options.suite, suite->models.size()),
                "expected one", "choose it with --model NAME"));
  return suite;
}

// Prices come from the model's name: where the versions pin different ones, one price fits neither.
void prepare_model(Plan& plan, Diagnostics& problems) {
  const Suite& suite = *plan.suite;
  plan.loop = std::make_unique<EventLoop>();
  plan.model = make_model(suite.models.front(), suite.source, suite.folder, *plan.loop, problems);
  if (plan.model != nullptr) check_several(suite, *plan.model, problems);
  const std::optional<PriceTable> prices = taken(price_table(suite), problems);
  if (prices) plan.judges = make_side_models(suite, *prices, problems);
  if (plan.model == nullptr || !prices) return;
  const Prompt& before = *plan.changes->before;
  const Prompt& after = *plan.changes->after;
  const bool given = plan.model->spec.price.has_value();
  if (given || !plan.model->spec.name.empty() || before.model == after.model)
    plan.priced_by = price_model(*plan.model, given, before, *prices);
  else
    plan.warnings.push_back(
        {Severity::warning, "", 0, 0,
         fmt::format("the versions pin two models, {} and {}: their cost is not compared",
                     before.model, after.model),
         "", "write `price:` under `model:` where it is the same"});
}

// The case that is shown: the one that was named, else the one whose tokens changed most.
std::optional<Case> shown_case(const Options& options, const Plan& plan, Diagnostics& problems) {
  std::optional<std::string> id = options.id;
  if (!id) {
    const auto size = [](const CaseTokens& each) {
      return std::abs(static_cast<std::int64_t>(each.after) -
                      static_cast<std::int64_t>(each.before));
    };
    const auto& cases = plan.changes->cases;
    const auto most = std::ranges::max_element(cases, {}, size);
    if (most == cases.end()) return std::nullopt;
    id = most->id;
  }
  return taken(find_case(*plan.dataset, id), problems);
}

void read_cases(const Options& options, Plan& plan, Diagnostics& problems) {
  DatasetSpec spec{
      .path = options.dataset, .shown = options.dataset, .limit = options.overrides.limit};
  if (plan.suite) spec = plan.suite->dataset;
  plan.dataset = taken(
      Dataset::open(
          spec, [&](const Case& row, Diagnostics& found) { add_case(*plan.changes, row, found); }),
      problems);
  if (plan.dataset) plan.shown = shown_case(options, plan, problems);
}

Result<Plan> make_plan(const Options& options) {
  Plan plan;
  Diagnostics problems;
  const std::filesystem::path suite(options.suite);
  const std::filesystem::path folder =
      suite.has_parent_path() ? suite.parent_path() : std::filesystem::path(".");
  std::optional<Prompt> before = taken(named_prompt(options.before, folder), problems);
  std::optional<Prompt> after = taken(named_prompt(options.after, folder), problems);
  if (before && !options.suite.empty()) plan.suite = read_suite_of(options, *before, problems);
  const std::string tokenizer =
      options.tokenizer.empty() && plan.suite ? plan.suite->tokenizer.string() : options.tokenizer;
  std::optional<std::shared_ptr<const TokenCounter>> counter =
      taken(open_counter(tokenizer), problems);
  if (!before || !after || !counter || has_errors(problems)) return problems;
  plan.changes = find_changes(std::make_shared<const Prompt>(*std::move(before)),
                              std::make_shared<const Prompt>(*std::move(after)), *counter);
  if (plan.suite || !options.dataset.empty())
    read_cases(options, plan, problems);
  else if (options.id)
    problems.push_back(problem("--case needs cases", "expected --dataset FILE or --suite SUITE"));
  plan.fan_out = fan_out_options(options.limits, plan.suite ? plan.suite->seed : 1, problems);
  plan.fan_out.max_cost_usd = options.limits.max_cost;
  plan.fan_out.max_tokens = options.limits.max_tokens;
  if (plan.suite && !options.dry_run) {
    prepare_model(plan, problems);
    if (plan.dataset && !has_errors(problems)) survey(plan.suite->evaluators, *plan.dataset);
  }
  if (has_errors(problems)) return problems;
  append(plan.warnings, std::move(problems));
  return plan;
}

ExitCode code_of(const PairedResults& results, const Suite& suite) {
  const Decided& decided = results.decided;
  const bool complete = decided.run->header().complete && decided.baseline->header().complete;
  if (!complete) return ExitCode::incomplete;
  if (!decided.verdict) return ExitCode::passed;
  return static_cast<ExitCode>(exit_status(*decided.verdict, suite.gate->on_inconclusive));
}

ExitCode run(const Options& options, Console& console) {
  Result<Plan> made = make_plan(options);
  if (!made) return console.reject(made.problems(), "diff");
  Plan& plan = *made;
  for (const Diagnostic& warning : plan.warnings) console.note(render(warning));
  const Dataset* dataset = plan.dataset ? &*plan.dataset : nullptr;
  const ScreenStyle style{console.width(), console.color()};

  std::optional<PairedResults> results;
  std::unique_ptr<Store> store;
  if (plan.model != nullptr) {
    const Diagnostics unpinned = write_missing_steps(*plan.suite, *plan.judges, console);
    if (has_errors(unpinned)) return console.reject(unpinned, "diff");
    const Suite& suite = *plan.suite;
    // Read once more, steps of judges and all: each version is judged on its own account.
    Diagnostics problems;
    const std::optional<Suite> again = read_suite_of(options, *plan.changes->before, problems);
    if (!again) return console.reject(problems, "diff");
    for (const Evaluator& evaluator : again->evaluators)
      plan.judges->add(evaluator, again->source, again->folder, problems);
    if (has_errors(problems)) return console.reject(problems, "diff");
    survey(again->evaluators, *dataset);
    store = std::make_unique<Store>(options.store.empty() ? state_folder(suite.folder)
                                                          : std::filesystem::path(options.store));
    if (!console.json() && !console.quiet())
      console.print(to_screen(*plan.changes, plan.shown, style));
    const PairedRuns runs =
        run_pairs(suite, again->evaluators, *dataset,
                  {plan.changes->before, plan.model.get(), plan.priced_by},
                  {plan.changes->after, plan.model.get(), plan.priced_by}, *store, *plan.loop,
                  plan.judges->empty() ? nullptr : plan.judges.get(), plan.fan_out, console);
    results = compare_pairs(*store, runs.before, runs.after, suite.gate ? &*suite.gate : nullptr);
  } else if (!console.json()) {
    console.print(to_screen(*plan.changes, plan.shown, style));
  }

  if (!options.html.empty())
    write_atomically(options.html, [&](std::FILE* out) {
      write_page(*plan.changes, dataset, results ? &*results : nullptr, out);
    });
  if (console.json()) {
    Object document{
        {"schema_version", 1     },
        {"command",        "diff"}
    };
    if (results) add_to(document, *results);
    add_to(document, *plan.changes);
    console.print_json(document);
  } else if (results) {
    console.print(console.quiet() ? verdict_line(*results) + "\n" : to_screen(*results, style));
  }
  return results ? code_of(*results, *plan.suite) : ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  SuiteOverrides& overrides = options->overrides;
  app.add_option("A", options->before,
                 "the version before: file, name, name@version, name@revision")
      ->required();
  app.add_option("B", options->after, "the version after")->required();
  app.add_option("--suite", options->suite,
                 "ask both versions over its cases; without it nobody is called")
      ->type_name("SUITE")
      ->group("What is run");
  app.add_option("--dataset", options->dataset, "cases to fill the templates with")
      ->type_name("FILE")
      ->group("What is run");
  app.add_option("--case", options->id, "the case whose messages are shown")
      ->type_name("ID")
      ->group("What is run");
  app.add_option("--tokenizer", options->tokenizer,
                 "tokenizer.json, .tiktoken, sentencepiece or their folder (default: an estimate)")
      ->type_name("FILE")
      ->group("What is run");
  declare_choices(app, overrides);
  app.add_flag("--no-gate", overrides.no_gate, "leave the suite's rules out")->group("What is run");
  app.add_flag("--dry-run", options->dry_run, "texts and tokens only, call nobody")
      ->group("What is run");
  declare_limits(app, overrides, options->limits);
  declare_store_option(app, options->store, "beside the suite")->group("Limits");
  app.add_option("--html", options->html, "write one self-contained page, side by side")
      ->type_name("FILE")
      ->group("Reports");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kDiffCommand;
constexpr CommandInfo kDiffCommand{
    .name = "diff",
    .summary = "Two prompt versions side by side: texts, tokens, and both run in pairs",
    .examples =
        "  llmops diff support@main support\n"
        "  llmops diff support@2.3.0 support@2.3.1 --suite llmops.yaml --html diff.html\n",
    .declare = &declare,
};

}  // namespace llmops
