// The statistical tests alone, over the columns of a file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <memory>

#include "ci/stats/bootstrap.h"
#include "ci/stats/mcnemar.h"
#include "ci/stats/permutation.h"
#include "ci/stats/power.h"
#include "ci/stats/resampling.h"
#include "ci/stats/t_test.h"
#include "ci/stats/wilcoxon.h"
#include "cli/command.h"
#include "datasets/dataset.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

struct Options {
  std::string file, baseline, candidate;
  double confidence = 0.95;
  std::string alternative = "two-sided";
  std::uint64_t seed = 1;
  int resamples = stats::kResamples;
  std::string zeros = "pratt";
  // power
  std::optional<double> effect, sd, n, power, p1, p2;
  double alpha = 0.05;
};

// Numbers of the two columns; a cell that is empty or missing is no value.
struct Columns {
  std::vector<double> baseline, candidate;
  std::vector<std::size_t> lonely;  // lines with one of the two alone
};

std::optional<double> read_number(const Value& value) {
  if (value.is_number()) return value.number();
  if (const bool* truth = value.boolean()) return *truth ? 1.0 : 0.0;
  const std::string* text = value.string();
  if (text == nullptr) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

bool empty_cell(const Value* value) {
  return value == nullptr || value->is_null() || (value->is_string() && value->string()->empty());
}

Result<Columns> read_columns(const Options& options) {
  Columns columns;
  const auto take = [&](const Case& row, const std::string& name, std::vector<double>& into,
                        Diagnostics& problems) {
    const Value* value = find_path(row.variables, name);
    if (empty_cell(value)) return false;
    const std::optional<double> number = read_number(*value);
    if (number && std::isfinite(*number)) {
      into.push_back(*number);
      return true;
    }
    Diagnostic found = problem(fmt::format("`{}` is `{}`", name, to_text(*value)),
                               "expected a finite number or an empty cell");
    found.file = options.file;
    found.line = row.line;
    problems.push_back(std::move(found));
    return false;
  };
  const Result<Dataset> dataset =
      Dataset::open({.path = options.file}, [&](const Case& row, Diagnostics& problems) {
        const bool before = take(row, options.baseline, columns.baseline, problems);
        const bool after = take(row, options.candidate, columns.candidate, problems);
        if (before != after) columns.lonely.push_back(row.line);
      });
  if (!dataset) return dataset.problems();
  const std::vector<std::string_view> names(dataset->info().columns.begin(),
                                            dataset->info().columns.end());
  Diagnostics problems;
  for (const std::string& name : {options.baseline, options.candidate})
    if (dataset->info().cases > 0 && std::ranges::find(names, name) == names.end())
      problems.push_back(problem(fmt::format("{} has no column `{}`", options.file, name),
                                 expected_one_of(names), did_you_mean(name, names)));
  if (!problems.empty()) return problems;
  return columns;
}

double chosen(const Options& options, double two_sided, double less, double greater) {
  return options.alternative == "less"      ? less
         : options.alternative == "greater" ? greater
                                            : two_sided;
}

List interval_of(const stats::Interval& interval) { return {interval.lower, interval.upper}; }

Object head(std::string_view test) {
  return {
      {"schema_version", 1      },
      {"command",        "stats"},
      {"test",           test   }
  };
}

template <typename T>
std::optional<Object> refused(std::string_view test, const stats::Tested<T>& tested,
                              const Columns& columns) {
  if (tested) return std::nullopt;
  Object out = head(test);
  out.add("n", static_cast<std::int64_t>(columns.baseline.size()));
  out.add("outcome", "not testable");
  out.add("code", tested.refusal().code);
  out.add("why", tested.refusal().sentence);
  return out;
}

Object t_fields(std::string_view test, const stats::TTest& result, const Options& options) {
  Object out = head(test);
  out.add("statistic", result.t);
  out.add("df", result.df);
  out.add("p_value", chosen(options, result.p_two_sided, result.p_less, result.p_greater));
  out.add("alternative", options.alternative);
  out.add("difference", result.mean);
  out.add("interval", interval_of(result.interval));
  out.add("confidence", options.confidence);
  return out;
}

using Test = Object (*)(const Columns&, const Options&);

Object paired_t(const Columns& columns, const Options& options) {
  const auto result = stats::t_paired(columns.baseline, columns.candidate, 0.0, options.confidence);
  if (auto why = refused("paired t", result, columns)) return *why;
  Object out = t_fields("paired t", *result, options);
  out.add("n", static_cast<std::int64_t>(columns.baseline.size()));
  return out;
}

Object welch_t(const Columns& columns, const Options& options) {
  const auto result = stats::t_welch(columns.baseline, columns.candidate, options.confidence);
  if (auto why = refused("welch t", result, columns)) return *why;
  Object out = t_fields("welch t", *result, options);
  out.add("n", static_cast<std::int64_t>(columns.baseline.size() + columns.candidate.size()));
  out.add("n_baseline", static_cast<std::int64_t>(columns.baseline.size()));
  out.add("n_candidate", static_cast<std::int64_t>(columns.candidate.size()));
  return out;
}

// The differences; the lengths were compared before.
std::vector<double> differences(const Columns& columns) {
  std::vector<double> out(columns.baseline.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = columns.candidate[i] - columns.baseline[i];
  return out;
}

Object wilcoxon(const Columns& columns, const Options& options) {
  const std::vector<double> d = differences(columns);
  const auto zeros = options.zeros == "wilcox"   ? stats::ZeroRule::wilcox
                     : options.zeros == "zsplit" ? stats::ZeroRule::zsplit
                                                 : stats::ZeroRule::pratt;
  const auto result = stats::wilcoxon(d, zeros);
  if (auto why = refused("wilcoxon", result, columns)) return *why;
  Object out = head("wilcoxon");
  out.add("statistic", std::min(result->w_plus, result->w_minus));
  out.add("w_plus", result->w_plus);
  out.add("w_minus", result->w_minus);
  if (result->z) out.add("z", *result->z);
  out.add("p_value", chosen(options, result->p_two_sided, result->p_less, result->p_greater));
  out.add("alternative", options.alternative);
  out.add("difference", stats::mean(d));
  if (const auto centre = stats::hodges_lehmann(d)) out.add("hodges_lehmann", *centre);
  out.add("n", static_cast<std::int64_t>(d.size()));
  out.add("zeros", result->zeros);
  return out;
}

Object mcnemar(const Columns& columns, const Options& options) {
  const auto table = stats::paired_table(columns.baseline, columns.candidate);
  if (auto why = refused("mcnemar", table, columns)) return *why;
  const auto result = stats::mcnemar(*table);
  if (auto why = refused("mcnemar", result, columns)) return *why;
  Object out = head("mcnemar");
  if (result->chi_square) out.add("statistic", result->chi_square->statistic);
  out.add("p_value",
          chosen(options, result->exact_two_sided, result->exact_worse, result->exact_better));
  out.add("p_mid", chosen(options, result->mid_two_sided, result->mid_worse, result->mid_better));
  if (result->chi_square) out.add("p_chi_square", result->chi_square->p);
  out.add("alternative", options.alternative);
  out.add("difference", result->difference);
  out.add("discordant", result->discordant);
  out.add("n", result->n);
  return out;
}

Object permutation(const Columns& columns, const Options& options) {
  const std::vector<double> d = differences(columns);
  const auto result =
      stats::sign_flip(d, {.stream = stats::stream_of(options.seed, "stats", "sign flips"),
                           .resamples = options.resamples});
  if (auto why = refused("permutation", result, columns)) return *why;
  Object out = head("permutation");
  out.add("p_value", chosen(options, result->p_two_sided, result->p_less, result->p_greater));
  out.add("alternative", options.alternative);
  out.add("difference", stats::mean(d));
  out.add("method", result->method == stats::FlipMethod::monte_carlo ? "monte carlo" : "exact");
  if (result->resamples > 0) out.add("resamples", result->resamples);
  out.add("seed", static_cast<std::int64_t>(options.seed));
  out.add("n", result->n);
  return out;
}

Object bootstrap(const Columns& columns, const Options& options) {
  const std::vector<double> d = differences(columns);
  const auto result =
      stats::bootstrap_mean(d, options.confidence,
                            {.stream = stats::stream_of(options.seed, "stats", "bootstrap"),
                             .resamples = options.resamples});
  if (auto why = refused("bootstrap", result, columns)) return *why;
  Object out = head("bootstrap");
  out.add("difference", result->estimate);
  out.add("interval", interval_of(result->interval));
  out.add("percentile_interval", interval_of(result->percentile));
  out.add("confidence", options.confidence);
  out.add("resamples", result->resamples);
  out.add("seed", static_cast<std::int64_t>(options.seed));
  out.add("n", static_cast<std::int64_t>(d.size()));
  return out;
}

struct TestInfo {
  const char* name;
  const char* summary;
  bool paired;
  bool pass_fail;
  Test run;
};

constexpr TestInfo kTests[] = {
    {"paired-t",    "Student's t test of paired differences",     true,  false, &paired_t   },
    {"welch-t",     "Welch's t test of two independent columns",  false, false, &welch_t    },
    {"wilcoxon",    "Wilcoxon's signed-rank test",                true,  false, &wilcoxon   },
    {"mcnemar",     "McNemar's test of paired pass/fail",         true,  true,  &mcnemar    },
    {"permutation", "sign-flip test of paired differences",       true,  false, &permutation},
    {"bootstrap",   "BCa interval of the mean paired difference", true,  false, &bootstrap  },
};

void print(const Object& out, Console& console) {
  if (console.json()) return console.print_json(out);
  std::string text;
  for (const Member& member : out)
    if (member.key != "schema_version" && member.key != "command")
      text += fmt::format("{:<20} {}\n", member.key, to_text(member.value));
  console.print(text);
}

ExitCode run_test(const TestInfo& test, const Options& options, Console& console) {
  const Result<Columns> columns = read_columns(options);
  if (!columns) return console.reject(columns.problems(), "stats");
  if (test.paired && !columns->lonely.empty()) {
    Diagnostic found = problem(
        fmt::format("{} of the rows have a value in one column only", columns->lonely.size()),
        "expected both columns filled in every row of a paired test",
        "use welch-t, or take these rows out");
    found.file = options.file;
    found.line = columns->lonely.front();
    return console.reject({found}, "stats");
  }
  if (test.pass_fail)
    for (const std::vector<double>* column : {&columns->baseline, &columns->candidate})
      for (const double value : *column)
        if (value != 0.0 && value != 1.0)
          return console.reject({problem(fmt::format("{} holds {}", options.file, value),
                                         "expected 0 or 1 in both columns")},
                                "stats");
  print(test.run(*columns, options), console);
  return ExitCode::passed;
}

// Power and cases of a comparison, from an effect or from two pass rates.
ExitCode run_power(const Options& options, Console& console) {
  Object out = head("power");
  const auto add = [&](const char* key, const auto& tested, auto read) {
    if (tested)
      out.add(key, read(*tested));
    else
      out.add(std::string(key) + "_refused", tested.refusal().sentence);
  };
  const double wanted = options.power.value_or(0.8);
  const auto itself = [](auto value) { return value; };
  if (options.p1 && options.p2) {
    add("cases_per_arm",
        stats::cases_two_proportions(*options.p1, *options.p2, stats::ProportionMethod::arcsine,
                                     wanted, options.alpha),
        [](const stats::SampleSize& size) { return size.n; });
    if (options.n)
      add("power",
          stats::power_two_proportions(*options.p1, *options.p2, *options.n,
                                       stats::ProportionMethod::arcsine, options.alpha),
          itself);
  } else if (options.effect) {
    const double dz = *options.effect / options.sd.value_or(1.0);
    add("cases", stats::cases_t_paired(dz, wanted, options.alpha), itself);
    if (options.n) add("power", stats::power_t_paired(dz, *options.n, options.alpha), itself);
  } else if (options.n) {
    add("detectable_effect",
        stats::detectable_effect(options.sd.value_or(1.0), *options.n, wanted, options.alpha),
        itself);
  } else {
    return console.reject(
        {problem("power of what?", "expected --effect with --sd, --n with --sd, or --p1 and --p2",
                 "`llmops stats power --help` has examples")},
        "stats");
  }
  out.add("alpha", options.alpha);
  out.add("wanted_power", wanted);
  print(out, console);
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, const TestInfo*>> tests;
  for (const TestInfo& test : kTests) {
    CLI::App* sub = app.add_subcommand(test.name, test.summary);
    sub->fallthrough();
    sub->add_option("--file", options->file, "CSV, TSV, JSONL or JSON")
        ->required()
        ->type_name("FILE");
    sub->add_option("--baseline", options->baseline, "column of the accepted values")
        ->required()
        ->type_name("COLUMN");
    sub->add_option("--candidate", options->candidate, "column of the new values")
        ->required()
        ->type_name("COLUMN");
    sub->add_option("--confidence", options->confidence, "level of the interval")
        ->check(CLI::Range(0.5, 0.9999))
        ->capture_default_str();
    sub->add_option("--alternative", options->alternative, "greater: the candidate is larger")
        ->check(CLI::IsMember({"two-sided", "less", "greater"}))
        ->capture_default_str();
    if (test.run == &permutation || test.run == &bootstrap) {
      sub->add_option("--seed", options->seed, "of the resamples")->capture_default_str();
      sub->add_option("--resamples", options->resamples, "how many")
          ->check(CLI::Range(99, 1'000'000))
          ->capture_default_str();
    }
    if (test.run == &wilcoxon)
      sub->add_option("--zeros", options->zeros, "what becomes of zero differences")
          ->check(CLI::IsMember({"pratt", "wilcox", "zsplit"}))
          ->capture_default_str();
    tests.emplace_back(sub, &test);
  }
  CLI::App* power = app.add_subcommand("power", "power, cases needed, smallest detectable effect");
  power->fallthrough();
  power->add_option("--effect", options->effect, "mean paired difference to find");
  power->add_option("--sd", options->sd, "standard deviation of the differences (default 1)");
  power->add_option("--n", options->n, "cases (per arm for pass rates)");
  power->add_option("--p1", options->p1, "pass rate of the baseline");
  power->add_option("--p2", options->p2, "pass rate of the candidate");
  power->add_option("--power", options->power, "wanted probability (default 0.8)");
  power->add_option("--alpha", options->alpha, "two-sided level")->capture_default_str();
  return [=](Console& console) {
    for (const auto& [sub, test] : tests)
      if (sub->parsed()) return run_test(*test, *options, console);
    return run_power(*options, console);
  };
}

}  // namespace

extern const CommandInfo kStatsCommand;
constexpr CommandInfo kStatsCommand{
    .name = "stats",
    .summary = "The statistical tests alone, over the columns of a file",
    .examples =
        "  llmops stats paired-t --file scores.csv --baseline a --candidate b --json\n"
        "  llmops stats power --p1 0.65 --p2 0.72\n",
    .declare = &declare,
};

}  // namespace llmops
