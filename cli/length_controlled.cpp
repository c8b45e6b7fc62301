#include "cli/length_controlled.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "ci/stats/length_controlled.h"
#include "datasets/dataset.h"
#include "evaluators/judge/difficulties.h"

namespace llmops {
namespace {

struct Options {
  std::string file, preference, longer_by, difficulty, difficulties, key = "id";
  double confidence = 0.95;
  int resamples = 999;
};

struct Columns {
  std::vector<double> preferences, longer_by, difficulties;
};

List pair_of(const stats::Interval& interval) { return {interval.lower, interval.upper}; }

Result<Columns> read_columns(const Options& options) {
  std::optional<Difficulties> difficulties;
  if (!options.difficulties.empty()) {
    Result<Difficulties> read = Difficulties::load(options.difficulties, options.difficulties,
                                                   options.key, options.difficulty);
    if (!read) return read.problems();
    difficulties = *std::move(read);
  }
  Columns columns;
  const auto visit = [&](const Case& row, Diagnostics& problems) {
    columns.preferences.push_back(number_column(row, options.preference, options.file, problems));
    columns.longer_by.push_back(number_column(row, options.longer_by, options.file, problems));
    if (options.difficulty.empty()) return;
    if (!difficulties) {
      columns.difficulties.push_back(
          number_column(row, options.difficulty, options.file, problems));
      return;
    }
    const std::optional<double> known = difficulties->of(row);
    if (!known)
      problems.push_back({Severity::error, options.file, row.line, 1,
                          fmt::format("{} has no difficulty of this item", options.difficulties),
                          "", "--key COLUMN names the column that both files share"});
    columns.difficulties.push_back(known.value_or(0));
  };
  const Result<Dataset> file = Dataset::open({.path = options.file}, visit);
  if (!file) return file.problems();
  return columns;
}

ExitCode run(const Options& given, Console& console) {
  Options options = given;
  if (!options.difficulties.empty() && options.difficulty.empty())
    options.difficulty = "difficulty";
  const Result<Columns> columns = read_columns(options);
  if (!columns) return console.reject(columns.problems(), "stats length-controlled");
  const auto found =
      stats::length_controlled(columns->preferences, columns->longer_by, columns->difficulties,
                               options.confidence, {.resamples = options.resamples});
  Object out{
      {"schema_version", 1                  },
      {"command",        "stats"            },
      {"test",           "length controlled"}
  };
  if (!found) {
    if (found.refusal().status == stats::Status::invalid_input)
      return console.reject({problem(found.refusal().sentence)}, "stats length-controlled");
    out.add("outcome", "not testable");
    out.add("why", found.refusal().sentence);
    out.add("code", found.refusal().code);
  } else {
    out.add("n", found->n);
    out.add("win_rate", found->raw);
    out.add("win_rate_se", found->raw_se);
    out.add("win_rate_interval", pair_of(found->raw_interval));
    out.add("controlled", found->controlled);
    out.add("controlled_se", found->se);
    out.add("controlled_interval", pair_of(found->interval));
    out.add("length_effect", found->length_effect);
    if (found->difficulty_effect) out.add("difficulty_effect", *found->difficulty_effect);
    out.add("constant", found->constant);
    out.add("longer_share", found->longer_share);
    out.add("apart", found->apart);
    if (found->prefers_longer) {
      out.add("prefers_longer", found->prefers_longer->rate);
      out.add("prefers_longer_interval", pair_of(found->prefers_longer->interval));
    }
    out.add("resamples", options.resamples);
  }
  if (console.json()) {
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text;
  for (const Member& member : out)
    if (member.key != "schema_version" && member.key != "command")
      text += fmt::format("{:<24} {}\n", member.key, to_text(member.value));
  console.print(text);
  return ExitCode::passed;
}

// Nearly all answers longer (or shorter): the rate at equal length lies outside the data.
constexpr double kOneSided = 0.05;

// "" where length plays no part worth a word.
std::string sentence(const std::string& name, const stats::LengthControlled& found) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (found.prefers_longer &&
      (found.prefers_longer->interval.lower > 0.5 || found.prefers_longer->interval.upper < 0.5))
    add(fmt::format(
        "of {} pairs that differ by more than {:.0f} characters the longer wins {:.0f}%",
        found.apart, stats::kLengthGap, 100 * found.prefers_longer->rate));
  if (found.longer_share < kOneSided || found.longer_share > 1 - kOneSided)
    add(fmt::format(
        "{:.0f}% of the answers are the longer ones, so equal length is hardly ever seen",
        100 * found.longer_share));
  return text.empty()
             ? ""
             : fmt::format("{}: {}; {}.length_controlled takes length out", name, text, name);
}

}  // namespace

RunCommand declare_length_controlled(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--file", options->file, "CSV, TSV, JSON lines, JSON or YAML")
      ->required()
      ->type_name("FILE");
  app.add_option("--preference", options->preference,
                 "column: preference for the model, 0 to 1, a tie is 0.5")
      ->required()
      ->type_name("COLUMN");
  app.add_option("--longer-by", options->longer_by,
                 "column: characters that the model's answer is longer")
      ->required()
      ->type_name("COLUMN");
  app.add_option("--difficulty", options->difficulty, "column: how hard the item is")
      ->type_name("COLUMN");
  app.add_option("--difficulties", options->difficulties, "another file that holds that column")
      ->type_name("FILE");
  app.add_option("--key", options->key, "column that both files share")
      ->type_name("COLUMN")
      ->capture_default_str();
  app.add_option("--confidence", options->confidence, "of the intervals")
      ->check(CLI::Range(0.5, 0.9999))
      ->capture_default_str();
  app.add_option("--resamples", options->resamples, "refits over resampled items")
      ->check(CLI::Range(19, 100000))
      ->capture_default_str();
  return [options](Console& console) { return run(*options, console); };
}

std::vector<std::string> length_controlled_remarks(const Suite& suite, const Store& store,
                                                   const RunHeader& header) {
  std::vector<std::string> remarks;
  for (const Evaluator& evaluator : suite.evaluators) {
    const auto place = [&](const std::string& name) {
      const auto at = std::ranges::find(header.measures, name, &Measure::name);
      return at == header.measures.end()
                 ? std::nullopt
                 : std::optional(static_cast<std::size_t>(at - header.measures.begin()));
    };
    const auto preference = place(evaluator.name);
    const auto longer = place(evaluator.name + ".longer_by");
    if (!preference || !longer || evaluator.negate || evaluator.min) continue;
    std::vector<double> preferences, longer_by;
    const std::unique_ptr<RunSource> run = store.open_run(header);
    const std::unique_ptr<RowStream> rows = run->rows();
    for (CaseRow row; rows->next(row);) {
      if (!row.values[*preference] || !row.values[*longer]) continue;
      preferences.push_back(*row.values[*preference]);
      longer_by.push_back(*row.values[*longer]);
    }
    if (const auto found =
            stats::length_controlled(preferences, longer_by, {}, 0.95, {.resamples = 19}))
      if (std::string remark = sentence(evaluator.name, *found); !remark.empty())
        remarks.push_back(std::move(remark));
  }
  return remarks;
}

}  // namespace llmops
