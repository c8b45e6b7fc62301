// Before money is spent: calls, tokens and cost of a suite, and what its gate will be able to say.
// Calls nobody, writes nothing.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "ci/gate/wording.h"
#include "ci/plan.h"
#include "cli/command.h"
#include "cli/forecast.h"
#include "cli/judge_forecast.h"
#include "cli/pricing.h"
#include "cli/rendered.h"
#include "cli/store_option.h"
#include "cli/suite.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

struct Options {
  std::string suite = "llmops.yaml";
  SuiteOverrides overrides;
  std::string store;
  std::string tokenizer;
  std::string run;  // the earlier run that tokens and spreads are taken from
  double power = 0.8;
  double case_cost = 1;  // of a new case, asked once, in calls
  std::optional<std::int64_t> cases;
};

Object rule_value(const RulePlan& plan) {
  Object out{
      {"rule", plan.rule.text}
  };
  if (!plan.refusal.empty()) {
    out.add("why", plan.refusal);
    return out;
  }
  if (plan.rule.compares()) {
    out.add("margin", plan.margin);
    out.add("spread", plan.spread);
    out.add("spread_from", plan.spread_from);
  }
  const auto add = [&](const char* key, const auto& value) {
    if (value) out.add(key, *value);
  };
  add("detectable_effect", plan.mde);
  add("power", plan.power_now);
  add("cases_needed", plan.cases_to_pass);
  add("cases_at_least", plan.cases_at_least);
  add("certifiable_margin", plan.certifiable_margin);
  add("samples_per_case", plan.best_repeats);
  if (plan.advice)
    out.add("repeats", Object{
                           {"error",              plan.advice->error                             },
                           {"more_cases",         plan.advice->cases                             },
                           {"error_more_cases",   plan.advice->error_cases                       },
                           {"more_samples",       plan.advice->samples                           },
                           {"error_more_samples", plan.advice->error_samples                     },
                           {"buys_more",          plan.advice->more_cases() ? "cases" : "samples"}
    });
  List curve;
  for (const auto& point : plan.power_curve)
    curve.push_back(Object{
        {"cases", point.first },
        {"power", point.second}
    });
  if (!curve.empty()) out.add("power_curve", std::move(curve));
  return out;
}

std::string curve_text(const RulePlan& plan) {
  std::string text;
  for (const auto& point : plan.power_curve) {
    const auto length = static_cast<std::size_t>(std::clamp(point.second, 0.0, 1.0) * 40 + 0.5);
    text += fmt::format("    {:>8} {:<40} {:>4.0f}%\n", grouped(point.first),
                        std::string(length, '#'), 100 * point.second);
  }
  return text;
}

std::string rule_text(const RulePlan& plan, std::int64_t cases, double power) {
  std::string text = plan.rule.text + "\n";
  if (!plan.refusal.empty()) return text + "    " + plan.refusal + "\n";
  if (!plan.rule.compares())
    return text + fmt::format("    takes at least {} without a failure\n",
                              counted(plan.cases_at_least.value_or(0), "case"));
  text += fmt::format("    spread {} ({})\n", figure(plan.spread), plan.spread_from);
  if (plan.power_now)
    text += fmt::format("    with {} an unchanged candidate passes with probability {}\n",
                        counted(cases, "case"), percent(*plan.power_now));
  if (plan.mde) text += fmt::format("    smallest detectable effect {}", figure(*plan.mde));
  if (plan.certifiable_margin)
    text += fmt::format("; smallest margin it can certify {}\n", figure(*plan.certifiable_margin));
  else if (plan.mde)
    text += "\n";
  if (plan.cases_to_pass) {
    text += fmt::format("    {} to pass with probability {}", counted(*plan.cases_to_pass, "case"),
                        percent(power));
    text += plan.cases_at_least
                ? fmt::format(", never fewer than {}\n", grouped(*plan.cases_at_least))
                : "\n";
  }
  if (plan.best_repeats)
    text += fmt::format("    samples a case that give most for the money: {:.0f}\n",
                        std::max(1.0, *plan.best_repeats));
  if (plan.advice)
    text += fmt::format(
        "    {} buy more: for the same money {} bring the error from {} to {}, {} a case to {}\n",
        plan.advice->more_cases() ? "more cases" : "more samples",
        counted(plan.advice->cases, "case"), figure(plan.advice->error),
        figure(plan.advice->error_cases), counted(plan.advice->samples, "sample"),
        figure(plan.advice->error_samples));
  return text + curve_text(plan);
}

ExitCode run(const Options& options, Console& console) {
  if (options.power <= 0 || options.power >= 1)
    return console.reject({problem("--power must lie between 0 and 1")}, "plan");
  const Result<Suite> suite = load_suite(options.suite, options.overrides);
  if (!suite) return console.reject(suite.problems(), "plan");
  const Result<std::shared_ptr<const TokenCounter>> counter =
      open_counter(options.tokenizer.empty() ? suite->tokenizer.string() : options.tokenizer);
  if (!counter) return console.reject(counter.problems(), "plan");
  MessageCounter messages(*suite, *counter);
  const Result<Dataset> dataset = Dataset::open(
      suite->dataset, [&](const Case& row, Diagnostics& found) { messages.add(row, found); });
  if (!dataset) return console.reject(dataset.problems(), "plan");
  const Result<PriceTable> prices = price_table(*suite);
  if (!prices) return console.reject(prices.problems(), "plan");
  const Result<Earlier> earlier = find_earlier({options.store, options.suite}, options.run, *suite);
  if (!earlier) return console.reject(earlier.problems(), "plan");

  const std::int64_t cases =
      options.cases.value_or(static_cast<std::int64_t>(dataset->info().cases));
  const std::vector<CellForecast> cells =
      forecast(*suite, cases, messages.tokens(), *earlier, *prices);
  std::vector<RulePlan> rules;
  if (suite->gate)
    rules = plan_gate(*suite->gate, run_measures(suite->evaluators),
                      {.cases = cases,
                       .power = options.power,
                       .cost_case = options.case_cost,
                       .earlier = earlier->comparison ? &*earlier->comparison : nullptr,
                       .samples = suite->samples});

  std::int64_t all_calls = 0, all_samples = 0;
  for (const CellForecast& cell : cells) {
    all_calls += cell.calls;
    all_samples += cell.samples;
  }
  const std::vector<JudgeForecast> judges =
      forecast_judges(*suite, *dataset, all_samples, answer_tokens_of(cells), *earlier, *prices);
  const std::optional<double> cost = total_cost(cells, judges);
  if (console.json()) {
    List cell_values, rule_values;
    for (const CellForecast& cell : cells) cell_values.push_back(cell_value(cell));
    for (const RulePlan& rule : rules) rule_values.push_back(rule_value(rule));
    Object out{
        {"schema_version", 1                     },
        {"command",        "plan"                },
        {"suite",          suite->file.string()  },
        {"cases",          cases                 },
        {"samples",        suite->samples        },
        {"calls",          all_calls             },
        {"power",          options.power         },
        {"cells",          std::move(cell_values)},
        {"rules",          std::move(rule_values)}
    };
    if (!judges.empty()) out.add("judges", judge_forecast_value(judges));
    if (cost) out.add("cost_usd", *cost);
    if (!earlier->run.empty()) out.add("earlier_run", earlier->run);
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text = fmt::format("{}, {} each: {}; nothing was called\n", counted(cases, "case"),
                                 counted(suite->samples, "sample"), counted(all_calls, "call"));
  for (const CellForecast& cell : cells) text += "  " + cell_text(cell) + "\n";
  text += judge_forecast_text(judges);
  if (cost && !judges.empty()) text += fmt::format("  all of it ${:.4f}\n", *cost);
  if (!suite->gate) text += "The suite has no `gate:`, so no rule is planned.\n";
  for (const RulePlan& rule : rules) text += "\n" + rule_text(rule, cases, options.power);
  console.print(visible_lines(text));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("SUITE", options->suite, "the suite file")->capture_default_str();
  app.add_option("--power", options->power, "wanted probability of a right answer")
      ->capture_default_str();
  app.add_option("--cases", options->cases, "plan for that many (default: those of the dataset)")
      ->check(CLI::PositiveNumber);
  app.add_option("--case-cost", options->case_cost,
                 "what a new case costs, asked once, in calls: 20 where it must be written first")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--run", options->run,
                 "stored run for tokens, cost and spread (default: the suite's newest)")
      ->type_name("RUN");
  app.add_option(
         "--tokenizer", options->tokenizer,
         "tokenizer.json, .tiktoken, sentencepiece or their folder (default: `tokenizer` of "
         "the suite, else an estimate)")
      ->type_name("PATH");
  declare_store_option(app, options->store, "beside SUITE");
  app.add_option("--limit", options->overrides.limit, "the first N cases");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kPlanCommand;
constexpr CommandInfo kPlanCommand{
    .name = "plan",
    .summary = "Calls, cost, cases needed and detectable effect of a suite; calls nobody",
    .examples =
        "  llmops plan llmops.yaml\n  llmops plan llmops.yaml --cases 500 --power 0.9 --json\n",
    .declare = &declare,
};

}  // namespace llmops
