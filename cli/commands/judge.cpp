// How far a judge can be trusted: it judges cases that people have labelled.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "ci/judge_calibration.h"
#include "cli/calibration_file.h"
#include "cli/command.h"
#include "cli/evaluation.h"
#include "cli/judge_progress.h"
#include "cli/judge_steps.h"
#include "cli/judges.h"
#include "cli/pricing.h"
#include "cli/store_option.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::size_t kBatch = 256;

struct Options {
  std::string file;
  std::string suite = "llmops.yaml";
  std::string evaluator;
  std::string output = "output", label = "label";
  std::vector<std::string> fields;
  int draws = 3;
  int anchors = 10;
  double confidence = 0.95;
  std::string into, store;
  bool no_cache = false, dry_run = false;
  std::optional<double> max_cost;
};

struct LabelledRow {
  Case row;
  Sample sample;
  std::optional<double> label;
};

// The judge of that name, or the only one.
Evaluator* find_judge(Suite& suite, const std::string& name, Diagnostics& problems) {
  std::vector<std::string_view> names;
  Evaluator* found = nullptr;
  for (Evaluator& evaluator : suite.evaluators) {
    if (dynamic_cast<JudgeMetric*>(evaluator.metric.get()) == nullptr) continue;
    names.push_back(evaluator.name);
    if (evaluator.name == name || (name.empty() && names.size() == 1)) found = &evaluator;
  }
  if (name.empty() && names.size() > 1) {
    problems.push_back(problem("the suite has several judges", expected_one_of(names),
                               "name one with --evaluator"));
    return nullptr;
  }
  if (found == nullptr)
    problems.push_back(names.empty()
                           ? problem("the suite has no judge", "expected one under `evaluators:`")
                           : problem(fmt::format("the suite has no judge `{}`", name),
                                     expected_one_of(names), did_you_mean(name, names)));
  return found;
}

Result<std::vector<LabelledRow>> read_rows(const Options& options, const JudgeMetric& judge) {
  DatasetSpec spec{.path = options.file};
  Diagnostics problems;
  std::vector<LabelledRow> rows;
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string& field : options.fields) {
    const std::size_t equals = field.find('=');
    if (equals == std::string::npos || equals == 0) {
      problems.push_back(problem(fmt::format("--field is `{}`", field), "expected WORD=COLUMN",
                                 "such as reference=answer"));
      continue;
    }
    fields.emplace_back(field.substr(0, equals), field.substr(equals + 1));
  }
  spec.fields = fields;
  const auto visit = [&](const Case& row, Diagnostics& found) {
    const auto text = [&](const std::string& column) -> std::optional<std::string> {
      const Value* value = find_path(row.variables, column);
      if (value == nullptr || value->is_null()) return std::nullopt;
      std::string as_text = to_text(*value);
      return as_text.empty() ? std::nullopt : std::optional(std::move(as_text));
    };
    LabelledRow labelled{.row = row};
    const std::optional<std::string> output = text(options.output);
    if (!output) return;  // checked as a whole below
    labelled.sample.case_id = row.id;
    labelled.sample.text = *output;
    if (const auto label = text(options.label)) {
      labelled.label = judge.read_label(*label);
      if (!labelled.label)
        found.push_back({Severity::error, row.file ? *row.file : options.file, row.line, 1,
                         fmt::format("the label is `{}`", label->substr(0, 40)), "",
                         "a label is what this judge's scores are made from: a grade of its scale, "
                         "one of its choices, win/tie/loss for pairs, pass or fail"});
    }
    // The judge must not read what people said of it.
    labelled.row.variables.erase(options.label);
    labelled.row.variables.erase(options.output);
    rows.push_back(std::move(labelled));
  };
  const Result<Dataset> dataset = Dataset::open(spec, visit);
  append(problems, dataset.problems());
  if (dataset && rows.empty()) {
    const std::vector<std::string_view> columns(dataset->info().columns.begin(),
                                                dataset->info().columns.end());
    problems.push_back(problem(fmt::format("{} has no column `{}`", options.file, options.output),
                               expected_one_of(columns), did_you_mean(options.output, columns)));
  }
  const auto labelled =
      std::ranges::count_if(rows, [](const LabelledRow& row) { return row.label.has_value(); });
  if (dataset && !rows.empty() && labelled < 2 && !has_errors(problems)) {
    std::vector<std::string_view> columns(dataset->info().columns.begin(),
                                          dataset->info().columns.end());
    if (std::ranges::find(columns, options.label) == columns.end())
      problems.push_back(problem(fmt::format("{} has no column `{}`", options.file, options.label),
                                 expected_one_of(columns), did_you_mean(options.label, columns)));
    else
      problems.push_back(
          problem(fmt::format("{} labelled rows in {}", labelled, options.file),
                  fmt::format("expected two or more with a value in `{}`", options.label)));
  }
  if (has_errors(problems)) return problems;
  return rows;
}

std::optional<double> value_of(const Measurement& measured, std::size_t column = 0) {
  return column < measured.values.size() ? measured.values[column] : std::nullopt;
}

// Every row judged, `draws` times afresh; a measurement a row for each draw.
std::vector<std::vector<Measurement>> judge_rows(const Options& options, JudgeMetric& judge,
                                                 AskingContext context,
                                                 const std::vector<LabelledRow>& rows,
                                                 Progress& progress) {
  std::vector<std::vector<Measurement>> all;
  for (int draw = 0; draw < options.draws; ++draw) {
    // Far apart, so that a judge's own draws do not meet those of the next round.
    context.first_draw = 1000 * draw;
    judge.connect(context);
    std::vector<Measurement> measured;
    for (std::size_t from = 0; from < rows.size(); from += kBatch) {
      std::vector<Scorable> batch;
      for (std::size_t i = from; i < std::min(rows.size(), from + kBatch); ++i)
        if (draw == 0 || rows[i].label) batch.push_back({&rows[i].row, &rows[i].sample});
      std::vector<Measurement> found = judge.score_batch(batch);
      for (const Measurement& each : found) progress.add(!value_of(each), 0, 0);
      std::size_t next = 0;
      for (std::size_t i = from; i < std::min(rows.size(), from + kBatch); ++i)
        measured.push_back(draw == 0 || rows[i].label ? std::move(found[next++]) : Measurement{});
    }
    all.push_back(std::move(measured));
  }
  return all;
}

JudgeEvidence evidence_of(const JudgeMetric& judge, const std::vector<LabelledRow>& rows,
                          const std::vector<std::vector<Measurement>>& draws) {
  JudgeEvidence evidence{.categories = judge.categories()};
  std::optional<std::size_t> flip, first, longer;
  for (std::size_t i = 0; i < judge.columns().size(); ++i) {
    const std::string& name = judge.columns()[i].detail;
    if (name == "flip") flip = i;
    if (name == "first") first = i;
    if (name == "longer_by") longer = i;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Measurement& measured = draws.front()[i];
    const std::optional<double> judged = value_of(measured);
    if (!judged) {
      ++evidence.unread;
      continue;
    }
    if (!rows[i].label) {
      evidence.unlabelled.push_back(*judged);
      continue;
    }
    JudgedCase each{.label = *rows[i].label, .judged = *judged};
    for (const auto& draw : draws)
      if (const auto value = value_of(draw[i])) each.draws.push_back(*value);
    if (flip) each.flips = value_of(measured, *flip);
    if (first) each.first = value_of(measured, *first);
    if (longer) each.longer_by = value_of(measured, *longer);
    each.length = static_cast<double>(code_points(rows[i].sample.text));
    evidence.cases.push_back(std::move(each));
  }
  return evidence;
}

// Spread over the labels in their order, so that anchors of every grade are kept.
std::vector<Anchor> choose_anchors(const std::vector<LabelledRow>& rows,
                                   const std::vector<Measurement>& measured, int count) {
  std::vector<std::size_t> scored;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].label && value_of(measured[i])) scored.push_back(i);
  std::ranges::stable_sort(scored, {}, [&](std::size_t i) { return *value_of(measured[i]); });
  std::vector<Anchor> anchors;
  const auto wanted = std::min(scored.size(), static_cast<std::size_t>(count));
  for (std::size_t k = 0; k < wanted; ++k) {
    const std::size_t i = scored[k * scored.size() / wanted];
    anchors.push_back({rows[i].row, rows[i].sample.text, *value_of(measured[i])});
  }
  return anchors;
}

std::string now_utc() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

ExitCode run(const Options& options, Console& console) {
  Result<Suite> loaded = load_suite(options.suite, {.no_gate = true});
  if (!loaded) return console.reject(loaded.problems(), "judge calibrate");
  Suite suite = *std::move(loaded);
  Diagnostics problems;
  Evaluator* evaluator = find_judge(suite, options.evaluator, problems);
  if (evaluator == nullptr) return console.reject(problems, "judge calibrate");
  auto& judge = dynamic_cast<JudgeMetric&>(*evaluator->metric);
  const Result<std::vector<LabelledRow>> rows = read_rows(options, judge);
  if (!rows) return console.reject(rows.problems(), "judge calibrate");
  const Result<PriceTable> prices = price_table(suite);
  if (!prices) return console.reject(prices.problems(), "judge calibrate");
  const std::unique_ptr<SideModels> models = make_side_models(suite, *prices, problems);
  if (has_errors(problems)) return console.reject(problems, "judge calibrate");
  const auto labelled =
      std::ranges::count_if(*rows, [](const LabelledRow& row) { return row.label.has_value(); });
  if (options.dry_run) {
    const double each = judge.questions_per_sample();
    const auto verdicts = std::ssize(*rows) + labelled * (options.draws - 1);
    console.print(fmt::format(
        "{} labelled and {} unlabelled rows, {} verdicts, at most {:.0f} "
        "calls; nothing was called (--dry-run)\n",
        labelled, std::ssize(*rows) - labelled, verdicts, each * static_cast<double>(verdicts)));
    return ExitCode::passed;
  }
  problems = write_missing_steps(suite, *models, console);
  if (has_errors(problems)) return console.reject(problems, "judge calibrate");

  Store store(options.store.empty() ? state_folder(suite.folder)
                                    : std::filesystem::path(options.store));
  std::vector<std::vector<Measurement>> draws;
  std::optional<std::string> stopped;
  double cost_usd = 0;
  {
    const FanOutOptions limits{
        .max_cost_usd = options.max_cost, .seed = suite.seed, .interrupts = &interrupts()};
    ConnectedJudges judges(suite, models.get(), store, "", limits,
                           {.ttl = suite.cache_ttl, .read_cache = !options.no_cache});
    const auto verdicts = std::ssize(*rows) + labelled * (options.draws - 1);
    Progress progress(console, "verdicts", verdicts);
    follow_judges(progress, judges,
                  std::llround(judge.questions_per_sample() * static_cast<double>(verdicts)));
    draws = judge_rows(options, judge, judges.context_of(judge), *rows, progress);
    progress.stop();
    stopped = judges.stopped();
    cost_usd = judges.worth_usd();
  }
  if (stopped) {
    console.note(
        fmt::format("not all rows were judged: {}; what was answered is stored, and the "
                    "same command goes on",
                    *stopped));
    return ExitCode::incomplete;
  }

  JudgeEvidence evidence = evidence_of(judge, *rows, draws);
  evidence.level = options.confidence;
  for (const auto& draw : draws)
    for (const Measurement& measured : draw) evidence.verdicts += value_of(measured) ? 1 : 0;
  if (cost_usd > 0) evidence.cost_usd = cost_usd;
  Calibration calibration{.evaluator = evaluator->name,
                          .signature = judge.signature(),
                          .created = now_utc(),
                          .figures = judge_figures(evidence),
                          .anchors = choose_anchors(*rows, draws.front(), options.anchors)};
  const std::filesystem::path file = options.into.empty() ? calibration_path(suite, evaluator->name)
                                                          : std::filesystem::path(options.into);
  write_calibration(file, calibration);
  if (console.json()) {
    console.print_json(Object{
        {"schema_version", 1                              },
        {"command",        "judge calibrate"              },
        {"evaluator",      calibration.evaluator          },
        {"judge",          calibration.signature          },
        {"figures",        calibration.figures            },
        {"anchors",        std::ssize(calibration.anchors)},
        {"file",           file.string()                  }
    });
    return ExitCode::passed;
  }
  console.print(visible_lines(fmt::format(
      "judge {}: {} labelled cases, {} without a label, {} not read\n{}\n{}stored in {}\n",
      calibration.evaluator, evidence.cases.size(), evidence.unlabelled.size(), evidence.unread,
      calibration.signature, judge_figures_text(calibration.figures), file.string())));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* calibrate =
      app.add_subcommand("calibrate", "judge labelled cases and say how far the judge agrees");
  calibrate->add_option("FILE", options->file, "labelled cases: CSV, TSV, JSONL, JSON")->required();
  calibrate->add_option("--suite", options->suite, "the suite whose judge it is")
      ->type_name("SUITE")
      ->capture_default_str();
  calibrate->add_option("--evaluator", options->evaluator, "the judge, where the suite has several")
      ->type_name("NAME");
  calibrate->add_option("--output", options->output, "column of the answers to judge")
      ->type_name("COLUMN")
      ->capture_default_str();
  calibrate
      ->add_option("--label", options->label,
                   "column of the labels; rows without one are corrected for")
      ->type_name("COLUMN")
      ->capture_default_str();
  calibrate
      ->add_option("--field", options->fields, "WORD=COLUMN: reference=answer, context=passages")
      ->type_name("FIELD");
  calibrate->add_option("--draws", options->draws, "how often each labelled case is judged")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  calibrate
      ->add_option("--anchors", options->anchors,
                   "cases kept for every later run to notice a drifting judge; 0: none")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  calibrate->add_option("--confidence", options->confidence, "of the intervals")
      ->check(CLI::Range(0.5, 0.9999))
      ->capture_default_str();
  calibrate
      ->add_option("--out", options->into, "file (default: calibrations/NAME.json beside SUITE)")
      ->type_name("FILE");
  calibrate->add_option("--max-cost", options->max_cost, "stop before this is spent, in USD")
      ->type_name("USD");
  calibrate->add_flag("--no-cache", options->no_cache, "take no verdict from earlier runs");
  calibrate->add_flag("--dry-run", options->dry_run, "check everything, call nobody");
  declare_store_option(*calibrate, options->store, "beside SUITE");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kJudgeCommand;
constexpr CommandInfo kJudgeCommand{
    .name = "judge",
    .summary = "`calibrate`: how far a judge agrees with people, its biases, its corrected mean",
    .examples =
        "  llmops judge calibrate labelled.csv --suite llmops.yaml --evaluator rubric\n"
        "  llmops judge calibrate labelled.csv --output answer --label grade --draws 5 --json\n",
    .declare = &declare,
};

}  // namespace llmops
