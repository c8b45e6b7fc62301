// Any metric over the columns of any file: no model, no suite, no store.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/score_aggregate.h"
#include "cli/score_metrics.h"
#include "cli/score_screen.h"
#include "cli/score_tests.h"
#include "datasets/rows.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/long_work.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/sacrebleu_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kMethods[] = {"paired", "sacrebleu-bs", "sacrebleu-ar", "none"};

struct Options {
  std::string file;
  std::vector<std::string> hypotheses;
  std::string reference;
  std::vector<std::string> metrics;
  std::vector<std::string> options;
  std::string per_row;
  std::string significance;
  std::size_t resamples = 0, ar_confidence = 0;
  std::optional<std::uint64_t> seed;
  double confidence = 0.95;
  bool aggregate = false;
  std::vector<std::int64_t> pass_at;
  std::string group;
};

void write_row(std::FILE* out, std::size_t row, const std::string& system,
               const std::vector<ScoreMetric>& metrics, const std::vector<Measurement>& measured,
               std::string& line) {
  Object scores;
  for (std::size_t m = 0; m < metrics.size(); ++m)
    for (std::size_t c = 0; c < measured[m].values.size(); ++c)
      if (measured[m].values[c]) scores.add(metrics[m].detail_name(c), *measured[m].values[c]);
  Object document{
      {"row", static_cast<std::int64_t>(row)}
  };
  if (!system.empty()) document.add("system", system);
  document.add("scores", std::move(scores));
  line.clear();
  dump_json(Value(std::move(document)), line);
  line += '\n';
  write_all(out, line);
}

// Outputs of all systems, one row after another: what they share (the references) is together.
struct Outputs {
  std::vector<Sample> samples;  // of row i and system s: i * systems + s
  std::vector<std::vector<Measurement>> measured;
};

Outputs outputs_of(std::span<const Case> rows, std::span<const ScoredSystem> systems) {
  Outputs outputs;
  outputs.samples.reserve(rows.size() * systems.size());
  for (const Case& row : rows)
    for (const ScoredSystem& system : systems) {
      Sample& sample = outputs.samples.emplace_back();
      sample.case_id = row.id;
      const Value* text = find_path(row.variables, system.name);
      sample.text = text == nullptr ? "" : to_text(*text);
    }
  outputs.measured.resize(outputs.samples.size());
  return outputs;
}

// One metric over a batch: its measurement of each output goes behind those of the metrics before
// it.
void score_batch(const ScoreMetric& metric, std::span<const Case> rows, Outputs& outputs) {
  std::vector<Scorable> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < outputs.samples.size(); ++i) {
    const Case& row = rows[i * rows.size() / outputs.samples.size()];
    if (metric.info->needs_references && row.references.empty()) {
      outputs.measured[i].push_back(
          {.values = {}, .why = "the row has no reference", .counts = {}, .note = ""});
      continue;
    }
    asked.push_back({&row, &outputs.samples[i]});
    places.push_back(i);
  }
  std::vector<Measurement> found = metric.metric->score_batch(asked);
  for (std::size_t i = 0; i < places.size(); ++i)
    outputs.measured[places[i]].push_back(std::move(found[i]));
}

// What the row says of its problem; a row that is not scored says nothing.
void add_passes(const Case& row, const std::string& group, const std::vector<Measurement>& measured,
                ScoredSystem& system) {
  const Value* problem = find_path(row.variables, group);
  for (std::size_t m = 0; m < measured.size(); ++m)
    if (!measured[m].values.empty() && measured[m].values.front())
      system.passes[m].add(problem == nullptr ? "" : to_text(*problem),
                           *measured[m].values.front());
}

// {"1": 0.4, "10": 0.7} beside the other figures of each metric of 0 and 1.
void add_pass_figures(const std::vector<ScoreMetric>& metrics, const ScoredSystem& system,
                      const std::vector<std::int64_t>& pass_at, Object& figures, List& warnings) {
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    if (metrics[m].metric->columns().front().kind != ScoreKind::binary) continue;
    Value* figure = figures.find(metrics[m].headline_name(0));
    if (figure == nullptr) continue;
    Object passes;
    for (const std::int64_t k : pass_at) {
      std::string why;
      if (const auto share = system.passes[m].pass_at(k, why))
        passes.add(std::to_string(k), *share);
      else
        warnings.push_back(
            fmt::format("{}: pass@{} not measured, because {}", metrics[m].info->name, k, why));
    }
    figure->object()->add("pass_at", std::move(passes));
  }
}

// Scores batches on all cores and adds them up in order.
class Scoring {
 public:
  // `rows`: 0 where nobody has counted them.
  Scoring(const std::vector<ScoreMetric>& metrics, const Options& options,
          std::vector<ScoredSystem>& systems, Console& console, std::size_t rows,
          std::FILE* per_row)
      : metrics_(metrics),
        options_(options),
        systems_(systems),
        progress_(console, "scores",
                  static_cast<std::int64_t>(rows * systems.size() * metrics.size())),
        per_row_(per_row) {}

  void add(std::span<const Case> rows) {
    Outputs outputs = outputs_of(rows, systems_);
    for (const ScoreMetric& metric : metrics_) {
      auto* const slow = dynamic_cast<LongWork*>(metric.metric.get());
      const auto show = [&](std::size_t scored, std::size_t) {
        progress_.set_done(static_cast<std::int64_t>(done_ + scored));
      };
      if (slow != nullptr) slow->report_to(show);
      score_batch(metric, rows, outputs);
      if (slow != nullptr) slow->report_to({});
      done_ += outputs.samples.size();
      show(0, 0);
    }
    for (std::size_t s = 0; s < systems_.size(); ++s)
      for (std::size_t i = 0; i < rows.size(); ++i) {
        ScoredSystem& system = systems_[s];
        const std::vector<Measurement>& measured = outputs.measured[i * systems_.size() + s];
        for (std::size_t m = 0; m < metrics_.size(); ++m) system.metrics[m].add(measured[m]);
        if (!options_.pass_at.empty()) add_passes(rows[i], options_.group, measured, system);
        if (per_row_ != nullptr)
          write_row(per_row_, first_ + i, systems_.size() > 1 ? system.name : "", metrics_,
                    measured, line_);
      }
    first_ += rows.size();
  }

 private:
  const std::vector<ScoreMetric>& metrics_;
  const Options& options_;
  std::vector<ScoredSystem>& systems_;
  Progress progress_;
  std::FILE* per_row_;
  std::size_t first_ = 0, done_ = 0;
  std::string line_;
};

// Reads the file; every column that is named must be there. `use` sees the rows.
Result<Rows> open(const Options& options, const Rows::Use& use) {
  std::vector<bool> found(options.hypotheses.size());
  Result<Rows> rows = Rows::open(options.file, options.reference, [&](std::span<const Case> batch) {
    for (const Case& row : batch)
      for (std::size_t i = 0; i < found.size(); ++i)
        found[i] = found[i] || find_path(row.variables, options.hypotheses[i]) != nullptr;
    if (use) use(batch);
  });
  if (!rows) return rows;
  const std::vector<std::string_view> columns(rows->columns().begin(), rows->columns().end());
  Diagnostics problems;
  if (!options.pass_at.empty() && std::ranges::find(columns, options.group) == columns.end())
    problems.push_back(problem(
        fmt::format("{} has no column `{}`, which --group names", options.file, options.group),
        expected_one_of(columns), did_you_mean(options.group, columns)));
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!found[i])
      problems.push_back(
          problem(fmt::format("{} has no column `{}`", options.file, options.hypotheses[i]),
                  expected_one_of(columns), did_you_mean(options.hypotheses[i], columns)));
  if (!problems.empty()) return problems;
  return rows;
}

// Whether rows are scored while the file is still being checked: what turns out to be wrong further
// down then has cost little, and nothing was written or asked.
bool at_once(const std::vector<ScoreMetric>& metrics, const Options& options) {
  constexpr std::uintmax_t kMost = 16 << 20;  // bytes: about a second
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(options.file, error);
  return options.per_row.empty() && !error && bytes <= kMost &&
         std::ranges::all_of(metrics, [](const ScoreMetric& each) {
           return dynamic_cast<const SacrebleuMetric*>(each.metric.get()) != nullptr ||
                  dynamic_cast<const CountedMetric*>(each.metric.get()) != nullptr;
         });
}

// How the systems are tested; absent: they are not.
std::optional<ScoreTestOptions> test_options(const Options& options, Diagnostics& problems) {
  ScoreTestOptions test{.resamples = options.resamples,
                        .seed = options.seed,
                        .confidence_resamples = options.ar_confidence,
                        .confidence = options.confidence};
  if (!options.significance.empty() &&
      std::ranges::find(kMethods, options.significance) == std::end(kMethods)) {
    problems.push_back(problem(fmt::format("--significance is `{}`", options.significance),
                               expected_one_of(kMethods),
                               did_you_mean(options.significance, kMethods)));
    return std::nullopt;
  }
  if (options.significance == "none") return std::nullopt;
  if (options.significance.starts_with("sacrebleu")) {
    test.method = options.significance == "sacrebleu-bs" ? ScoreTestOptions::Method::sacrebleu_bs
                                                         : ScoreTestOptions::Method::sacrebleu_ar;
    // Where the reference program finds its seed.
    if (const char* given = std::getenv("SACREBLEU_SEED"); given != nullptr && !test.seed) {
      std::uint64_t seed = 0;
      const std::string_view text(given);
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
      if (error != std::errc{} || end != text.data() + text.size())
        problems.push_back(problem(fmt::format("SACREBLEU_SEED is `{}`", text),
                                   "expected a whole number from 0 up"));
      test.seed = seed;
    }
    return test;  // of one system: its own interval
  }
  if (options.hypotheses.size() < 2) {
    if (!options.significance.empty())
      problems.push_back(problem("--significance compares systems, and --hypothesis names one",
                                 "expected two or more columns, comma separated"));
    return std::nullopt;
  }
  return test;
}

ExitCode run(const Options& options, Console& console) {
  Diagnostics problems;
  const std::vector<ScoreMetric> metrics =
      make_score_metrics(options.metrics, options.options, problems);
  const std::optional<ScoreTestOptions> test = test_options(options, problems);
  if (options.aggregate &&
      std::ranges::none_of(metrics, [](const ScoreMetric& m) { return m.info->name == "rouge"; }))
    problems.push_back(
        problem("--aggregate is rouge_score's", "expected `rouge` among the metrics"));
  if (options.aggregate && options.seed && *options.seed > UINT32_MAX)
    problems.push_back(problem(fmt::format("--seed is {}", *options.seed),
                               "expected at most 4294967295, as numpy's has to be"));
  if (options.pass_at.empty() != options.group.empty())
    problems.push_back(problem("--pass-at and --group belong together",
                               "expected both, such as --pass-at 1,10 --group task_id"));
  std::vector<ScoredSystem> systems;
  for (const std::string& name : options.hypotheses) {
    systems.push_back({.name = name, .metrics = {}, .passes = {}});
    systems.back().passes.resize(metrics.size());
    for (const ScoreMetric& each : metrics)
      systems.back().metrics.emplace_back(each.metric->columns().size(),
                                          test.has_value() || options.aggregate);
  }
  std::optional<Scoring> scoring;
  const bool while_reading = !has_errors(problems) && at_once(metrics, options);
  if (while_reading) scoring.emplace(metrics, options, systems, console, 0, nullptr);
  const Result<Rows> rows =
      open(options,
           while_reading ? [&](std::span<const Case> batch) { scoring->add(batch); } : Rows::Use());
  scoring.reset();
  append(problems, rows.problems());
  if (has_errors(problems)) return console.reject(problems, "score");

  for (const ScoreMetric& each : metrics)
    if (each.metric->wants_survey())
      rows->for_each([&](std::span<const Case> batch) {
        for (const Case& row : batch) each.metric->survey(row);
      });
  const auto score_all = [&](std::FILE* per_row) {
    Scoring pass(metrics, options, systems, console, rows->size(), per_row);
    rows->for_each([&](std::span<const Case> batch) { pass.add(batch); });
  };
  if (!options.per_row.empty())
    write_atomically(options.per_row, score_all);
  else if (!while_reading)
    score_all(nullptr);

  std::vector<Object> figures(systems.size());
  List warnings;
  for (std::size_t s = 0; s < systems.size(); ++s) {
    List own;
    for (std::size_t m = 0; m < metrics.size(); ++m)
      systems[s].metrics[m].add_figures(metrics[m], figures[s], own);
    if (options.aggregate) {
      AggregateOptions aggregate{.confidence = options.confidence};
      if (options.resamples > 0) aggregate.resamples = options.resamples;
      if (options.seed) aggregate.seed = static_cast<std::uint32_t>(*options.seed);
      add_aggregates(metrics, systems[s], aggregate, figures[s]);
    }
    if (!options.pass_at.empty())
      add_pass_figures(metrics, systems[s], options.pass_at, figures[s], own);
    for (const Value& each : own)
      warnings.push_back(systems.size() > 1 ? fmt::format("{}: {}", systems[s].name, to_text(each))
                                            : to_text(each));
  }
  std::optional<Object> tests;
  if (test) tests = test_systems(metrics, systems, *test);

  if (console.json()) {
    Object document{
        {"schema_version", 1              },
        {"command",        "score"        },
        {"metrics",        figures.front()}
    };
    if (systems.size() > 1) {
      Object all;
      for (std::size_t s = 0; s < systems.size(); ++s)
        all.add(systems[s].name, Object{
                                     {"metrics", std::move(figures[s])}
        });
      document.add("systems", std::move(all));
    }
    if (tests) document.add("significance", *std::move(tests));
    document.add("warnings", std::move(warnings));
    console.print_json(std::move(document));
    return ExitCode::passed;
  }
  std::string text;
  for (std::size_t s = 0; s < systems.size(); ++s) {
    if (systems.size() > 1)
      text += fmt::format("{}{}\n", s > 0 ? "\n" : "", visible(systems[s].name));
    text += figures_table(figures[s]);
  }
  if (tests) text += tests_table(*tests, options.confidence);
  console.print(text);
  for (const Value& warning : warnings) console.note("warning: " + visible(to_text(warning)));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "JSONL, JSON, CSV or TSV")->required();
  app.add_option("--hypothesis", options->hypotheses,
                 "column of the outputs (a name, dotted path or JSON pointer); several systems "
                 "comma separated, the first is the baseline")
      ->required()
      ->delimiter(',')
      ->type_name("COLUMN");
  app.add_option("--reference", options->reference,
                 "column of the references; a list means several")
      ->type_name("COLUMN");
  app.add_option("--metric", options->metrics, "one or several, comma separated")
      ->required()
      ->delimiter(',')
      ->type_name("NAME");
  app.add_option("--option", options->options, "METRIC.KEY=VALUE; a list is joined by +")
      ->type_name("OPTION")
      ->take_all();
  app.add_option("--per-row", options->per_row, "write one JSON line a row")->type_name("FILE");
  app.add_flag("--aggregate", options->aggregate,
               "rouge_score's low, mid and high of `rouge` (--resamples 1000, --seed 1, "
               "--confidence)");
  app.add_option("--pass-at", options->pass_at,
                 "pass@k of every 0/1 metric; the rows of a group are answers to one problem")
      ->delimiter(',')
      ->type_name("K,...")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  app.add_option("--group", options->group, "column that names the problem, with --pass-at")
      ->type_name("COLUMN");
  app.add_option("--significance", options->significance,
                 "how several systems are tested: paired (default), sacrebleu-bs, sacrebleu-ar "
                 "or none")
      ->type_name("TEST")
      ->group("Several systems");
  app.add_option("--resamples", options->resamples,
                 "of the test (default 9999; 1000 and 10000 of sacrebleu's)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}))
      ->group("Several systems");
  app.add_option("--seed", options->seed,
                 "of the test (default 1; of sacrebleu's $SACREBLEU_SEED or 12345)")
      ->group("Several systems");
  app.add_option("--ar-confidence", options->ar_confidence,
                 "resamples for the means and intervals of sacrebleu-ar (default none)")
      ->check(CLI::Range(std::size_t{0}, std::size_t{10'000'000}))
      ->group("Several systems");
  app.add_option("--confidence", options->confidence, "of the intervals of `paired`")
      ->check(CLI::Range(0.5, 0.9999))
      ->capture_default_str()
      ->group("Several systems");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kScoreCommand;
constexpr CommandInfo kScoreCommand{
    .name = "score",
    .summary = "Any metric over the columns of any file: no model, no suite",
    .examples =
        "  llmops score outputs.jsonl --hypothesis output --reference answer --metric bleu,rouge\n"
        "  llmops score pairs.csv --hypothesis old,new --reference ref --metric bleu,chrf "
        "--json\n",
    .declare = &declare,
};

}  // namespace llmops
