// Before money is spent: calls, tokens and cost of a suite, and what its gate will be able to say.
// Calls nobody, writes nothing.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "ci/gate/wording.h"
#include "ci/plan.h"
#include "cli/command.h"
#include "cli/outputs.h"
#include "cli/stored.h"
#include "cli/suite.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

// English text of the usual tokenisers; only where no run tells.
constexpr double kCharactersPerToken = 4.0;

struct Options {
  std::string suite = "llmops.yaml";
  SuiteOverrides overrides;
  std::string store;
  std::string run;  // the earlier run that tokens and spreads are taken from
  double power = 0.8;
  std::optional<std::int64_t> cases;
};

// What is known from runs before this one.
struct Earlier {
  std::string run;                                              // id; empty: none
  std::optional<double> input_tokens, output_tokens, cost_usd;  // of one call
  std::optional<Comparison> comparison;
};

std::optional<double> mean_of(const Summary& summary, const std::string& measure) {
  const MeasureSummary* found = summary.find(measure);
  return found == nullptr || found->n == 0 ? std::nullopt : found->mean;
}

bool of_suite(const StoredRunInfo& info, const std::filesystem::path& suite) {
  const Value* stored = info.spec.find("suite");
  std::error_code ignored;
  return stored != nullptr && info.header.complete &&
         std::filesystem::equivalent(to_text(*stored), suite, ignored);
}

// The newest complete run of the suite (or the one that was named), compared with the baseline, or
// where it is the baseline with the run before it.
Result<Earlier> find_earlier(const Options& options, const Suite& suite) {
  Earlier earlier;
  std::shared_ptr<const RunSource> baseline;
  if (suite.gate && suite.gate->baseline)
    if (Result<std::shared_ptr<const RunSource>> opened = open_baseline(*suite.gate->baseline))
      baseline = *std::move(opened);
  std::vector<StoredRunInfo> runs;
  const Result<std::shared_ptr<Store>> store = open_store({options.store, options.suite});
  if (store) {
    if (!options.run.empty()) {
      Result<StoredRunInfo> named = (*store)->find_run(options.run);
      if (!named) return named.problems();
      runs.push_back(*std::move(named));
    } else {
      for (StoredRunInfo& info : (*store)->runs())
        if (runs.size() < 2 && of_suite(info, suite.file)) runs.push_back(std::move(info));
    }
  } else if (!options.run.empty()) {
    return store.problems();
  }

  std::vector<std::string> ignored;
  std::optional<Summary> summary;
  if (!runs.empty()) {
    const RunHeader& header = runs.front().header;
    if (baseline != nullptr && baseline->header().id == header.id) baseline = nullptr;
    if (baseline == nullptr && runs.size() > 1) baseline = (*store)->open_run(runs[1].header);
    Decided decided = decide_run(**store, header, suite.gate ? &*suite.gate : nullptr, baseline);
    earlier.run = header.id;
    earlier.comparison = std::move(decided.comparison);
    summary = std::move(decided.summary);
  } else if (baseline != nullptr) {
    earlier.run = baseline->header().id;
    summary = summarize(*baseline, ignored);
  }
  if (summary) {
    earlier.input_tokens = mean_of(*summary, "input_tokens");
    earlier.output_tokens = mean_of(*summary, "output_tokens");
    earlier.cost_usd = mean_of(*summary, "cost_per_case");
  }
  return earlier;
}

// One prompt with one model.
struct CellPlan {
  std::string prompt, model;
  std::int64_t calls = 0;
  std::optional<double> input_tokens, output_tokens, cost_usd;  // of all calls
  std::string tokens_from;
};

std::optional<double> price_of(const Value& model, const char* key) {
  const Value* price = model.find("price");
  const Value* found = price == nullptr ? nullptr : price->find(key);
  return found != nullptr && found->is_number() ? std::optional(found->number()) : std::nullopt;
}

CellPlan plan_cell(const Prompt& prompt, const Value& model, double characters, std::int64_t calls,
                   int samples, const Earlier& earlier) {
  const auto text = [&](const char* key) {
    const Value* found = model.find(key);
    return found == nullptr ? std::string() : to_text(*found);
  };
  CellPlan cell{.prompt = fmt::format("{}@{}", prompt.name, prompt.version),
                .model = text("name").empty() ? text("provider") : text("name"),
                .calls = calls};
  const auto all = static_cast<double>(calls);
  if (earlier.input_tokens) {
    cell.input_tokens = *earlier.input_tokens * all;
    cell.tokens_from = "run " + earlier.run;
  } else {
    cell.input_tokens = characters * samples / kCharactersPerToken;
    cell.tokens_from = "estimated: a token every four characters";
  }
  if (earlier.output_tokens) cell.output_tokens = *earlier.output_tokens * all;
  const auto input = price_of(model, "input"), output = price_of(model, "output");
  if (input && output && cell.output_tokens)
    cell.cost_usd = (*cell.input_tokens * *input + *cell.output_tokens * *output) / 1e6;
  else if (earlier.cost_usd)
    cell.cost_usd = *earlier.cost_usd * all;
  return cell;
}

Object cell_value(const CellPlan& cell) {
  Object out{
      {"prompt",      cell.prompt     },
      {"model",       cell.model      },
      {"calls",       cell.calls      },
      {"tokens_from", cell.tokens_from}
  };
  if (cell.input_tokens) out.add("input_tokens", *cell.input_tokens);
  if (cell.output_tokens) out.add("output_tokens", *cell.output_tokens);
  if (cell.cost_usd) out.add("cost_usd", *cell.cost_usd);
  return out;
}

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
  return text + curve_text(plan);
}

struct Counted {
  std::int64_t cases = 0;
  std::vector<double> characters;  // of all messages, one figure a prompt
};

Result<Counted> count_messages(const Suite& suite) {
  Counted counted_messages{.cases = 0, .characters = std::vector<double>(suite.prompts.size(), 0)};
  const Result<Dataset> dataset =
      Dataset::open(suite.dataset, [&](const Case& row, Diagnostics& found) {
        for (std::size_t i = 0; i < suite.prompts.size(); ++i) {
          const Result<std::vector<Message>> messages = render_messages(*suite.prompts[i], row);
          if (!messages) append(found, messages.problems());
          if (!messages) continue;
          for (const Message& message : *messages)
            counted_messages.characters[i] += static_cast<double>(code_points(plain_text(message)));
        }
      });
  if (!dataset) return dataset.problems();
  counted_messages.cases = static_cast<std::int64_t>(dataset->info().cases);
  return counted_messages;
}

ExitCode run(const Options& options, Console& console) {
  if (options.power <= 0 || options.power >= 1)
    return console.reject({problem("--power must lie between 0 and 1")}, "plan");
  const Result<Suite> suite = load_suite(options.suite, options.overrides);
  if (!suite) return console.reject(suite.problems(), "plan");
  const Result<Counted> messages = count_messages(*suite);
  if (!messages) return console.reject(messages.problems(), "plan");
  const Result<Earlier> earlier = find_earlier(options, *suite);
  if (!earlier) return console.reject(earlier.problems(), "plan");

  const std::int64_t cases = options.cases.value_or(messages->cases);
  const std::int64_t calls = cases * suite->samples;
  std::vector<CellPlan> cells;
  const double share =
      messages->cases > 0 ? static_cast<double>(cases) / static_cast<double>(messages->cases) : 0.0;
  for (std::size_t i = 0; i < suite->prompts.size(); ++i)
    for (const Value& model : suite->models)
      cells.push_back(plan_cell(*suite->prompts[i], model, messages->characters[i] * share, calls,
                                suite->samples, *earlier));
  std::vector<RulePlan> rules;
  if (suite->gate)
    rules = plan_gate(*suite->gate, run_measures(suite->evaluators),
                      {.cases = cases,
                       .power = options.power,
                       .earlier = earlier->comparison ? &*earlier->comparison : nullptr});

  const std::int64_t all_calls = calls * std::ssize(cells);
  if (console.json()) {
    List cell_values, rule_values;
    for (const CellPlan& cell : cells) cell_values.push_back(cell_value(cell));
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
    if (!earlier->run.empty()) out.add("earlier_run", earlier->run);
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text = fmt::format("{}, {} each: {}; nothing was called\n", counted(cases, "case"),
                                 counted(suite->samples, "sample"), counted(all_calls, "call"));
  const auto about = [](const std::optional<double>& value) {
    return value ? grouped(static_cast<std::int64_t>(*value + 0.5)) : std::string("unknown");
  };
  for (const CellPlan& cell : cells)
    text += fmt::format("  {} · {}: input tokens {}, output tokens {}, cost {} ({})\n", cell.prompt,
                        cell.model, about(cell.input_tokens), about(cell.output_tokens),
                        cell.cost_usd ? fmt::format("${:.4f}", *cell.cost_usd) : "unknown",
                        cell.tokens_from);
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
  app.add_option("--run", options->run,
                 "stored run for tokens, cost and spread (default: the suite's newest)")
      ->type_name("RUN");
  app.add_option("--store", options->store, "folder of the store (default: .llmops beside SUITE)")
      ->type_name("DIR");
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
