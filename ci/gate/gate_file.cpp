#include "ci/gate/gate_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "ci/gate/tag_filter.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::array<std::string_view, 4> kConditions = {"max_drop", "max_increase", "min", "max"};
constexpr std::array<std::string_view, 6> kStatistics = {"mean", "p50", "p90", "p95", "p99", "max"};
constexpr std::array<std::string_view, 6> kTests = {"paired_t", "welch_t",     "wilcoxon",
                                                    "mcnemar",  "permutation", "bootstrap"};

struct Amount {
  double number = 0;
  bool percent = false;
  std::string text;  // as the file has it, blanks removed
};

// 0.02, "10%", "10 %". nullopt: none of these.
std::optional<Amount> parse_amount(const Value& value) {
  if (value.is_number()) return Amount{value.number(), false, to_text(value)};
  if (!value.is_string()) return std::nullopt;
  std::string text = *value.string();
  std::erase(text, ' ');
  if (text.size() < 2 || text.back() != '%') return std::nullopt;
  Amount amount{0, true, text};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size() - 1, amount.number);
  if (error != std::errc{} || end != text.data() + text.size() - 1) return std::nullopt;
  amount.number /= 100;
  return amount;
}

bool has_statistics(const Measure& measure) {
  return measure.unit == "ms" || measure.unit == "tokens";
}

// Every name that a rule may use, for messages.
std::vector<std::string> rule_names(const std::vector<std::string>& known) {
  std::vector<std::string> names = known;
  for (const Measure& measure : builtin_measures()) {
    if (std::ranges::find(names, measure.name) == names.end()) names.push_back(measure.name);
    if (!has_statistics(measure)) continue;
    for (const std::string_view statistic : kStatistics)
      names.push_back(fmt::format("{}_{}", measure.name, statistic));
  }
  return names;
}

// Splits "latency_p95" into measure and statistic. False where no measure is called so.
bool resolve_metric(const std::string& name, const std::vector<std::string>& known, Rule& rule) {
  rule.metric = name;
  rule.statistic = "mean";
  if (std::ranges::find(known, name) != known.end() || find_builtin_measure(name)) return true;
  for (const std::string_view statistic : kStatistics) {
    if (!name.ends_with(fmt::format("_{}", statistic))) continue;
    const std::string stem = name.substr(0, name.size() - statistic.size() - 1);
    const Measure* measure = find_builtin_measure(stem);
    if (measure == nullptr || !has_statistics(*measure)) continue;
    rule.metric = stem;
    rule.statistic = statistic;
    return true;
  }
  return known.empty();
}

void check_metric(Fields& fields, const std::string& name, const std::vector<std::string>& known,
                  Rule& rule) {
  if (resolve_metric(name, known, rule)) return;
  const std::vector<std::string> names = rule_names(known);
  const std::vector<std::string_view> choices(names.begin(), names.end());
  std::vector<std::string_view> shown(known.begin(), known.end());
  for (const Measure& measure : builtin_measures())
    if (std::ranges::find(known, measure.name) == known.end()) shown.push_back(measure.name);
  fields.error(fields.mark("metric"), fmt::format("no metric is called `{}`", name),
               expected_one_of(shown), did_you_mean(name, choices), code_points(name));
}

// The one condition of a rule. False where there is none that can be used.
bool read_condition(Fields& fields, Rule& rule, std::string& amount_text) {
  std::vector<std::string_view> given;
  for (std::size_t i = 0; i < kConditions.size(); ++i) {
    const Value* value = fields.value(kConditions[i]);
    if (value == nullptr) continue;
    given.push_back(kConditions[i]);
    if (given.size() > 1) continue;
    rule.kind = static_cast<RuleKind>(i);
    const std::optional<Amount> amount = parse_amount(*value);
    const bool negative_margin = amount && rule.compares() && amount->number < 0;
    if (!amount || !std::isfinite(amount->number) || negative_margin) {
      fields.error(value->mark(), fmt::format("`{}` is {}", kConditions[i], dump_json(*value)),
                   rule.compares() ? "expected a number of at least 0, or a percentage such as 10%"
                                   : "expected a number, or a percentage such as 1%",
                   "", code_points(to_text(*value)));
      return false;
    }
    rule.amount = amount->number;
    amount_text = amount->text;
    const Measure* measure = find_builtin_measure(rule.metric);
    const bool rate = measure != nullptr && measure->kind == ScoreKind::binary;
    rule.relative = amount->percent && rule.compares() && !rate;
    if (rule.relative && rule.kind == RuleKind::max_drop && amount->number >= 1) {
      fields.error(value->mark(), fmt::format("`max_drop` is {}", amount->text),
                   "expected less than 100%", "", code_points(to_text(*value)));
      return false;
    }
    if (amount->percent && !rule.compares() && measure != nullptr &&
        measure->kind == ScoreKind::positive) {
      fields.error(value->mark(),
                   fmt::format("`{}` of `{}` is a percentage", kConditions[i], rule.metric),
                   fmt::format("expected a number of {}", measure->unit),
                   "`max_increase: 10%` compares with the baseline", code_points(to_text(*value)));
      return false;
    }
  }
  if (given.empty()) {
    fields.missing("max_drop", "a rule has one of: max_drop, max_increase, min, max");
    return false;
  }
  if (given.size() > 1) {
    fields.error(fields.key_mark(given[1]),
                 fmt::format("the rule has the conditions `{}` and `{}`", given[0], given[1]),
                 "expected exactly one condition a rule", "write a second rule for the second one",
                 given[1].size());
    return false;
  }
  return true;
}

// A limit on the way in which a built-in measure gets better is a slip of the pen.
void check_direction(Fields& fields, const Rule& rule) {
  const Measure* measure = find_builtin_measure(rule.metric);
  if (measure == nullptr || !rule.compares()) return;
  const bool wrong = measure->better == Better::lower ? rule.kind == RuleKind::max_drop
                                                      : rule.kind == RuleKind::max_increase;
  if (!wrong) return;
  const std::string_view given = kConditions[static_cast<std::size_t>(rule.kind)];
  const std::string_view meant = rule.kind == RuleKind::max_drop ? "max_increase" : "max_drop";
  fields.error(
      fields.key_mark(given), fmt::format("`{}` limits an improvement of `{}`", given, rule.metric),
      fmt::format("expected `{}`: {} is better", meant, name(measure->better)), "", given.size());
}

std::optional<Rule> read_rule(const Value& value, const Source& source,
                              const std::vector<std::string>& known, Diagnostics& problems) {
  const std::size_t before = problems.size();
  Fields fields(value, source, problems, "the rule");
  Rule rule;
  rule.mark = value.mark();
  const std::string metric = fields.required_text("metric");
  if (!metric.empty()) check_metric(fields, metric, known, rule);
  std::string amount;
  if (read_condition(fields, rule, amount)) check_direction(fields, rule);
  rule.primary = !fields.boolean("secondary").value_or(false);
  rule.test = fields.one_of("test", kTests).value_or("");
  if (const auto where = fields.text("where")) {
    rule.where = *where;
    if (!TagFilter::parse(*where))
      fields.error(fields.mark("where"), fmt::format("`where` is \"{}\"", *where),
                   "expected conditions on tags such as `tags.lang = de and tags.tier != free`", "",
                   code_points(*where));
  }
  if (!rule.test.empty() && !rule.compares())
    fields.error(fields.mark("test"), "`test` stands beside an absolute limit",
                 "expected it beside `max_drop` or `max_increase`", "", code_points(rule.test));
  fields.finish();
  if (problems.size() > before) return std::nullopt;
  rule.text =
      fmt::format("{} {} {}", metric, kConditions[static_cast<std::size_t>(rule.kind)], amount);
  if (!rule.where.empty()) rule.text += " where " + rule.where;
  return rule;
}

}  // namespace

GateSpec read_gate(const Value& value, const Source& source, const std::filesystem::path& folder,
                   const std::vector<std::string>& known, Diagnostics& problems) {
  GateSpec gate;
  Fields fields(value, source, problems, "the gate");
  if (const auto baseline = fields.text("baseline")) gate.baseline = folder / *baseline;
  gate.alpha = fields.number("alpha", {1e-6, 0.5}).value_or(gate.alpha);
  constexpr std::array<std::string_view, 3> kPolicies = {"pass", "warn", "fail"};
  if (const auto policy = fields.one_of("on_inconclusive", kPolicies))
    gate.on_inconclusive =
        static_cast<OnInconclusive>(std::ranges::find(kPolicies, *policy) - kPolicies.begin());
  constexpr std::array<std::string_view, 2> kErrors = {"worst", "exclude"};
  gate.exclude_errors = fields.one_of("errors", kErrors) == "exclude";
  gate.strict = fields.boolean("strict").value_or(false);
  if (!fields.has("rules"))
    fields.missing("rules", "a gate without rules would let everything pass");
  const Value* rules = fields.list("rules");
  if (rules != nullptr && rules->list()->empty())
    fields.error(rules->mark(), "the gate has no rule", "expected a list of rules",
                 "a gate without rules would let everything pass");
  if (rules != nullptr) {
    for (const Value& each : *rules->list()) {
      std::optional<Rule> rule = read_rule(each, source, known, problems);
      if (!rule) continue;
      if (std::ranges::find(gate.rules, rule->text, &Rule::text) != gate.rules.end())
        fields.error(rule->mark, fmt::format("the rule `{}` stands twice", rule->text));
      else
        gate.rules.push_back(std::move(*rule));
    }
  }
  fields.finish();
  return gate;
}

const Measure* find_builtin_measure(std::string_view name) {
  const auto& all = builtin_measures();
  const auto found = std::ranges::find(all, name, &Measure::name);
  return found == all.end() ? nullptr : &*found;
}

Diagnostics missing_baseline(const GateSpec& gate, const Source& source) {
  const auto first = std::ranges::find_if(gate.rules, &Rule::compares);
  if (gate.baseline || first == gate.rules.end()) return {};
  return {source.problem(
      first->mark,
      fmt::format("the rule `{}` compares, but the gate names no baseline", first->text),
      "expected the key `baseline` in `gate`",
      "make the first run with `eval --no-gate`, accept it with `llmops baseline "
      "set last FILE`, then name FILE as `baseline`")};
}

}  // namespace llmops
