// The tests alone, over columns of a file; sample sizes; online experiments. No model, no store.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "ci/stats/moments.h"
#include "cli/column_tests.h"
#include "cli/command.h"
#include "cli/length_controlled.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

struct Options {
  std::string file, format, baseline, candidate, arm, outcome;
  TestOptions test;
  PowerOptions power;
};

struct Test {
  const char* name;
  const char* summary;
  bool paired;
  std::vector<std::string> methods;
  Result<Object> (*run)(const TwoColumns&, const TestOptions&);
};

const std::vector<Test>& tests() {
  static const std::vector<Test> kTests = {
      {"paired-t",    "Student's t of the differences row by row", true,  {},                       &test_paired_t },
      {"welch-t",     "Welch's t of two independent columns",      false, {},                       &test_welch_t  },
      {"wilcoxon",    "Wilcoxon's signed ranks",                   true,  {"exact", "approximate"}, &test_wilcoxon },
      {"mcnemar",
       "McNemar's test of 0/1 columns",                            true,
       {"exact", "mid-p", "chi2", "chi2-corrected"},
       &test_mcnemar                                                                                               },
      {"permutation",
       "sign flips of the differences",                            true,
       {"exact", "monte-carlo"},
       &test_permutation                                                                                           },
      {"bootstrap",   "BCa interval of the mean difference",       true,  {},                       &test_bootstrap},
  };
  return kTests;
}

std::string shown(const Value& value) {
  if (value.is_integer()) return to_text(value);
  if (value.is_number()) return fmt::format("{:.6g}", value.number());
  if (const List* list = value.list()) {
    std::string text;
    for (const Value& each : *list) text += (text.empty() ? "[" : ", ") + shown(each);
    return text + "]";
  }
  if (const Object* object = value.object()) {
    std::string text;
    for (const Member& each : *object)
      text += (text.empty() ? "" : ", ") + each.key + " " + shown(each.value);
    return text;
  }
  return visible(to_text(value));
}

ExitCode answer(const Result<Object>& result, Console& console) {
  if (!result) return console.reject(result.problems(), "stats");
  if (console.json()) {
    Object out{
        {"schema_version", 1      },
        {"command",        "stats"}
    };
    for (const Member& member : *result) out.add(member.key, member.value);
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text;
  for (const Member& member : *result) {
    std::string name = member.key;
    std::ranges::replace(name, '_', ' ');
    text += fmt::format("{:<21} {}\n", name, shown(member.value));
  }
  console.print(text);
  return ExitCode::passed;
}

ExitCode run_test(const Test& test, const Options& options, Console& console) {
  const Result<TwoColumns> data = read_two_columns(options.file, options.format, options.baseline,
                                                   options.candidate, test.paired);
  if (!data) return console.reject(data.problems(), "stats");
  for (const Diagnostic& warning : data.problems()) console.note(render(warning));
  return answer(test.run(*data, options.test), console);
}

ExitCode run_arms(const Options& options, Console& console) {
  const Result<std::vector<Arm>> arms =
      read_arms(options.file, options.format, options.arm, options.outcome);
  if (!arms) return console.reject(arms.problems(), "stats");
  std::vector<std::string_view> names;
  for (const Arm& arm : *arms) names.push_back(arm.name);
  Diagnostics problems;
  const auto find = [&](const std::string& wanted, const char* option,
                        const std::string& other) -> const Arm* {
    for (const Arm& arm : *arms)
      if (wanted.empty() ? arm.name != other : arm.name == wanted) return &arm;
    if (!wanted.empty() || names.size() > 2)
      problems.push_back(
          problem(fmt::format("{} `{}` is no arm of {}", option, wanted, options.file),
                  expected_one_of(names), did_you_mean(wanted, names)));
    return nullptr;
  };
  if (names.size() > 2 && (options.baseline.empty() || options.candidate.empty()))
    return console.reject(
        {problem(fmt::format("column `{}` has {} arms", options.arm, names.size()),
                 "expected --baseline ARM and --candidate ARM, each " +
                     expected_one_of(names).substr(std::string_view("expected ").size()))},
        "stats");
  const Arm* baseline = find(options.baseline, "--baseline", options.candidate);
  const Arm* candidate =
      find(options.candidate, "--candidate", baseline != nullptr ? baseline->name : "");
  if (has_errors(problems)) return console.reject(problems, "stats");
  if (baseline == nullptr || candidate == nullptr || baseline == candidate)
    return answer(
        Object{
            {"test",    "two arms"                                         },
            {"outcome", "not testable"                                     },
            {"why",     fmt::format("{} arms have outcomes, two are needed", names.size())},
            {"reason",         "fewer_than_two_arms"                                                    }
    },
        console);
  return answer(
      test_arms(*baseline, *candidate, options.test, options.power.power, options.power.effect),
      console);
}

ExitCode run_power(Options options, Console& console) {
  PowerOptions& power = options.power;
  power.one_sided = options.test.alternative != "two-sided";
  Diagnostics problems;
  const auto needs = [&](bool given, const char* what, const char* with) {
    if (!given) problems.push_back(problem(fmt::format("{} is missing", what), with));
  };
  for (const auto& [name, value] : {std::pair("--n", power.n), std::pair("--sd", power.sd)})
    if (value && *value < 0) problems.push_back(problem(fmt::format("{} is negative", name)));
  if (!options.file.empty()) {
    needs(!options.baseline.empty(), "--baseline", "expected the column of the baseline");
    needs(!options.candidate.empty(), "--candidate", "expected the column of the candidate");
    if (has_errors(problems)) return console.reject(problems, "stats");
    const bool paired = power.design == "paired";
    const Result<TwoColumns> data =
        read_two_columns(options.file, options.format, options.baseline, options.candidate, paired);
    if (!data) return console.reject(data.problems(), "stats");
    const auto b = stats::moments(data->baseline), c = stats::moments(data->candidate);
    const auto d = stats::paired_moments(data->baseline, data->candidate);
    const double spread = paired ? (d ? d->sd : 0) : std::sqrt((b.sd * b.sd + c.sd * c.sd) / 2);
    if (!power.sd) power.sd = spread;
    if (!power.n) power.n = static_cast<double>(std::min(b.n, c.n));
  }
  needs(!power.p2 || power.p1, "--p1", "expected the rate of the baseline with --p2");
  needs(!power.p1 || power.p2, "--p2", "expected the rate of the candidate with --p1");
  needs(!power.discordance || power.effect, "--effect",
        "expected the difference of pass rates with --discordance");
  needs(!power.margin || power.sd, "--sd", "expected the spread of the differences with --margin");
  needs(
      power.p1 || power.p2 || power.effect || power.n || power.margin || power.discordance,
      "--effect or --n",
      "expected --effect (cases needed), --n (detectable effect), both (power), or --p1 and --p2");
  if (has_errors(problems)) return console.reject(problems, "stats");
  return answer(plan_power(power), console);
}

void declare_file(CLI::App& app, Options& o, bool required) {
  app.add_option("--file", o.file, "CSV, TSV, JSON lines, JSON or YAML")
      ->required(required)
      ->type_name("FILE");
  app.add_option("--format", o.format, "where the extension does not tell: csv, tsv, jsonl, json")
      ->type_name("NAME");
}

void declare_columns(CLI::App& app, Options& o, bool required) {
  declare_file(app, o, required);
  app.add_option("--baseline", o.baseline, "its column (a name, dotted path or JSON pointer)")
      ->required(required)
      ->type_name("COLUMN");
  app.add_option("--candidate", o.candidate, "its column")->required(required)->type_name("COLUMN");
}

void declare_level(CLI::App& app, Options& o) {
  app.add_option("--confidence", o.test.confidence, "of the two-sided interval")
      ->type_name("LEVEL")
      ->capture_default_str();
}

void declare_alternative(CLI::App& app, Options& o) {
  app.add_option("--alternative", o.test.alternative,
                 "what the p-value is of; less: the candidate lies below the baseline")
      ->check(CLI::IsMember({"two-sided", "less", "greater"}))
      ->type_name("SIDE")
      ->capture_default_str();
}

void declare_power_options(CLI::App& app, Options& o) {
  app.add_option("--effect", o.power.effect, "the difference to find")->type_name("X");
  app.add_option("--power", o.power.power, "probability of finding it")->capture_default_str();
}

CLI::App* declare_test(CLI::App& app, const Test& test, const std::shared_ptr<Options>& options) {
  CLI::App* sub = app.add_subcommand(test.name, test.summary);
  declare_columns(*sub, *options, true);
  declare_level(*sub, *options);
  declare_alternative(*sub, *options);
  sub->add_option("--seed", options->test.seed, "of resampling")->capture_default_str();
  sub->add_option("--resamples", options->test.resamples, "where resamples are drawn")
      ->capture_default_str();
  if (!test.methods.empty())
    sub->add_option("--method", options->test.method, "how the p-value is computed")
        ->check(CLI::IsMember(test.methods));
  if (std::string_view(test.name) == "paired-t")
    sub->add_option("--null", options->test.null_value, "the difference that is tested against")
        ->type_name("X")
        ->capture_default_str();
  if (std::string_view(test.name) == "wilcoxon") {
    sub->add_option("--zeros", options->test.zeros, "what becomes of differences that are 0")
        ->check(CLI::IsMember({"pratt", "wilcox", "zsplit"}))
        ->capture_default_str();
    sub->add_flag("!--no-continuity", options->test.continuity,
                  "no continuity correction of the approximation");
  }
  return sub;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  app.fallthrough();
  std::vector<CLI::App*> subs;
  for (const Test& test : tests()) subs.push_back(declare_test(app, test, options));

  CLI::App* power = app.add_subcommand("power", "power, cases needed, smallest detectable effect");
  declare_power_options(*power, *options);
  power->add_option("--sd", options->power.sd,
                    "spread of the differences (1: standardised effect)");
  power->add_option("--n", options->power.n, "cases; per arm for two arms");
  power->add_option("--alpha", options->power.alpha, "error rate of the test")
      ->capture_default_str();
  declare_alternative(*power, *options);
  power->add_option("--design", options->power.design, "of the t test")
      ->check(CLI::IsMember({"paired", "two-sample"}))
      ->capture_default_str();
  power->add_option("--p1", options->power.p1, "pass rate of the baseline, independent arms");
  power->add_option("--p2", options->power.p2, "pass rate of the candidate");
  power->add_option("--method", options->power.method, "of two pass rates")
      ->check(CLI::IsMember({"arcsine", "pooled", "unpooled", "fleiss-cc"}))
      ->capture_default_str();
  power->add_option("--discordance", options->power.discordance,
                    "paired pass/fail: share of cases that change");
  power->add_option("--margin", options->power.margin, "cases that show: no loss beyond it");
  power->add_option("--range", options->power.range, "largest possible difference, with --margin");
  declare_columns(*power, *options, false);

  CLI::App* ab = app.add_subcommand("ab", "an online experiment: two arms, one outcome a row");
  declare_file(*ab, *options, true);
  ab->add_option("--arm", options->arm, "column of the arm")->required()->type_name("COLUMN");
  ab->add_option("--outcome", options->outcome, "column of the outcome: 0/1, or any number")
      ->required()
      ->type_name("COLUMN");
  ab->add_option("--baseline", options->baseline, "the arm that stands (default: the first)")
      ->type_name("ARM");
  ab->add_option("--candidate", options->candidate, "the arm that is tried (default: the other)")
      ->type_name("ARM");
  declare_level(*ab, *options);
  declare_alternative(*ab, *options);
  declare_power_options(*ab, *options);

  CLI::App* length =
      app.add_subcommand("length-controlled", "win rate of pairs, and that at equal length");
  const RunCommand run_length = declare_length_controlled(*length);

  for (CLI::App* sub : subs) sub->fallthrough();
  power->fallthrough();
  ab->fallthrough();
  length->fallthrough();
  return [=](Console& console) {
    if (length->parsed()) return run_length(console);
    for (std::size_t i = 0; i < subs.size(); ++i)
      if (subs[i]->parsed()) return run_test(tests()[i], *options, console);
    return power->parsed() ? run_power(*options, console) : run_arms(*options, console);
  };
}

}  // namespace

extern const CommandInfo kStatsCommand;
constexpr CommandInfo kStatsCommand{
    .name = "stats",
    .summary = "The tests alone over columns of a file; sample sizes; A/B results",
    .examples =
        "  llmops stats paired-t --file scores.csv --baseline a --candidate b --json\n"
        "  llmops stats power --p1 0.65 --p2 0.72\n",
    .declare = &declare,
};

}  // namespace llmops
