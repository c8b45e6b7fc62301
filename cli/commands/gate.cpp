// Decides again on a stored run, perhaps with other rules or another baseline, or on scores from
// anywhere. Never calls a model.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "ci/baseline.h"
#include "ci/scores_file.h"
#include "cli/ci_host.h"
#include "cli/command.h"
#include "cli/outputs.h"
#include "cli/stored.h"
#include "cli/suite.h"

namespace llmops {
namespace {

struct Options {
  std::string run;
  StoreOptions store;
  std::string baseline;
  std::string scores, baseline_scores, rules;
  OutputFiles files;
};

ExitCode gate_stored(const Options& options, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(options.store);
  if (!store) return console.reject(store.problems(), "gate");
  const Result<StoredRunInfo> found = (*store)->find_run(options.run);
  if (!found) return console.reject(found.problems(), "gate");

  const Value* stored_suite = found->spec.find("suite");
  const std::string file = !options.store.suite.empty() ? options.store.suite
                           : stored_suite != nullptr    ? to_text(*stored_suite)
                                                        : "";
  SuiteOverrides overrides;
  if (!options.baseline.empty()) overrides.baseline = options.baseline;
  const Result<Suite> suite = load_suite(file, overrides);
  if (!suite) return console.reject(suite.problems(), "gate");
  if (!suite->gate)
    return console.reject({problem(fmt::format("{} has no `gate:`", file), "",
                                   "add rules, or name another file with --suite")},
                          "gate");
  std::shared_ptr<const RunSource> baseline;
  if (suite->gate->baseline) {
    Result<std::shared_ptr<const RunSource>> opened = open_baseline(*suite->gate->baseline);
    if (!opened) return console.reject(opened.problems(), "gate");
    baseline = *std::move(opened);
  }
  const Decided decided = decide_run(**store, found->header, &*suite->gate, std::move(baseline));
  (*store)->set_verdict(found->header.id, verdict_value(*decided.verdict));
  return publish(**store, decided, &*suite->gate, "gate", options.files, console);
}

ExitCode gate_scores(const Options& options, Console& console) {
  const Result<RulesFile> rules = load_rules_file(options.rules);
  if (!rules) return console.reject(rules.problems(), "gate");
  Diagnostics problems;
  const auto open = [&](const std::string& file) -> std::shared_ptr<const RunSource> {
    if (file.empty()) return nullptr;
    Result<std::shared_ptr<const RunSource>> scores = open_scores_file(file, rules->metrics);
    if (!scores) append(problems, scores.problems());
    return scores ? *std::move(scores) : nullptr;
  };
  const std::shared_ptr<const RunSource> candidate = open(options.scores);
  const std::shared_ptr<const RunSource> baseline = open(options.baseline_scores);
  if (baseline == nullptr && problems.empty())
    for (const Rule& rule : rules->gate.rules)
      if (rule.compares())
        problems.push_back(problem(fmt::format("`{}` compares with a baseline", rule.text),
                                   "expected --baseline-scores FILE"));
  if (has_errors(problems)) return console.reject(problems, "gate");

  std::vector<std::string> warnings;
  const Summary summary = summarize(*candidate, warnings);
  std::optional<Comparison> comparison;
  if (baseline != nullptr) comparison = compare(*baseline, *candidate, rules->gate);
  Verdict verdict = decide(rules->gate, *candidate, summary, comparison ? &*comparison : nullptr);
  std::vector<Finding> findings;
  if (comparison) findings = find_all(*baseline, *candidate, *comparison, &rules->gate, &verdict);
  name_causes(findings, verdict);
  const ReportInput input{.command = "gate",
                          .run = candidate->header(),
                          .summary = summary,
                          .rows = *candidate,
                          .comparison = comparison ? &*comparison : nullptr,
                          .verdict = &verdict,
                          .warnings = warnings,
                          .findings = std::move(findings)};
  write_reports(input, options.files);
  tell_ci_host(input, console);
  if (console.json())
    console.print_json(to_json(input));
  else
    console.print(render_terminal(
        input, {.width = console.width(), .color = console.color(), .quiet = console.quiet()}));
  return static_cast<ExitCode>(exit_status(verdict, rules->gate.on_inconclusive));
}

ExitCode run(const Options& options, Console& console) {
  if (options.scores.empty() && options.baseline_scores.empty() && options.rules.empty()) {
    if (options.run.empty())
      return console.reject(
          {problem("no run is named",
                   "expected `llmops gate RUN`, RUN an id or `last`, or --scores FILE")},
          "gate");
    return gate_stored(options, console);
  }
  Diagnostics problems;
  if (options.scores.empty())
    problems.push_back(problem("--scores is missing",
                               "expected --scores FILE --rules FILE [--baseline-scores FILE]"));
  if (options.rules.empty())
    problems.push_back(problem("--rules is missing",
                               "expected --scores FILE --rules FILE [--baseline-scores FILE]"));
  if (!options.run.empty())
    problems.push_back(
        problem("both a stored run and --scores are given", "", "give one of the two"));
  return problems.empty() ? gate_scores(options, console) : console.reject(problems, "gate");
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("RUN", options->run, "a stored run: id, unique prefix, or `last`");
  declare_store_options(app, options->store);
  app.add_option("--baseline", options->baseline, "another baseline file")->type_name("FILE");
  app.add_option("--scores", options->scores,
                 "scores from anywhere: JSON lines as of --samples-out")
      ->type_name("FILE")
      ->group("Scores from anywhere");
  app.add_option("--baseline-scores", options->baseline_scores, "the accepted scores")
      ->type_name("FILE")
      ->group("Scores from anywhere");
  app.add_option("--rules", options->rules, "metrics and gate rules (YAML)")
      ->type_name("FILE")
      ->group("Scores from anywhere");
  declare_output_options(app, options->files);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kGateCommand;
constexpr CommandInfo kGateCommand{
    .name = "gate",
    .summary = "Decide again on a stored run, or on scores from anywhere",
    .examples =
        "  llmops gate last --baseline baselines/support.json\n"
        "  llmops gate --scores new.jsonl --baseline-scores old.jsonl --rules gate.yaml\n",
    .declare = &declare,
};

}  // namespace llmops
