#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "ci/gate/rules/rules.h"
#include "ci/gate/wording.h"
#include "ci/stats/gate_verdict.h"

namespace llmops {
namespace {

using stats::Verdict;

// A rule that can be decided, with what decides it.
struct Contest {
  RuleOutcome* outcome;
  MetricComparison* metric;
  double margin = 0;  // on the metric's scale
  stats::Decision decision = {};
};

bool has_note(const MetricComparison& metric, std::string_view note) {
  return std::ranges::find(metric.notes, note) != metric.notes.end();
}

std::string limit(const Rule& rule) {
  return rule.relative ? percent(rule.amount) : figure(rule.amount);
}

std::string_view loss_word(const Rule& rule) {
  return rule.kind == RuleKind::max_drop ? "a drop" : "an increase";
}

stats::MetricBounds bounds_of(const Contest& contest) {
  return {contest.metric->lower, contest.metric->upper, contest.margin, contest.metric->p_worse};
}

// Against a stored baseline the machine has drifted, so "slower at all" is no regression: the whole
// interval has to lie beyond the margin.
void decide_whole_interval(Contest& contest, double alpha) {
  stats::MetricBounds bounds = bounds_of(contest);
  contest.decision = stats::decide(bounds, alpha);
  if (contest.decision.verdict == Verdict::regression && !(*bounds.upper < -contest.margin))
    contest.decision.verdict = Verdict::inconclusive;
  if (contest.decision.verdict == Verdict::inconclusive && bounds.upper &&
      *bounds.upper < -contest.margin)
    contest.decision.verdict = Verdict::regression;
}

void decide_family(const GateSpec& gate, std::vector<Contest>& contests) {
  std::vector<Contest*> family;
  std::vector<stats::MetricBounds> bounds;
  for (Contest& contest : contests) {
    if (contest.metric->whole_interval) {
      decide_whole_interval(contest, gate.alpha);
    } else if (!contest.outcome->rule.primary) {
      contest.decision = stats::decide(bounds_of(contest), gate.alpha);
    } else {
      family.push_back(&contest);
      bounds.push_back(bounds_of(contest));
    }
  }
  const auto decided = stats::decide_family(bounds, gate.alpha);
  if (!decided)
    throw std::logic_error("a rule reached the verdict unchecked: " + decided.refusal().sentence);
  for (std::size_t i = 0; i < family.size(); ++i) {
    family[i]->decision = decided->metrics[i];
    family[i]->metric->p_worse_adjusted = decided->p_worse_adjusted[i];
  }
}

std::string basis(const MetricComparison& metric) {
  return fmt::format("{}, {}", counted(metric.n, "case"), metric.method);
}

std::string confidence(const MetricComparison& metric) {
  return percent(1 - metric.alpha.value_or(0.05));
}

std::string why_pass(const Contest& contest) {
  const MetricComparison& metric = *contest.metric;
  const Rule& rule = contest.outcome->rule;
  if (has_note(metric, "outputs_identical"))
    return fmt::format("the outputs are identical in all {}", counted(metric.n, "case"));
  const std::string_view finding = contest.decision.improvement ? ", which is an improvement"
                                   : contest.decision.real_loss_within_margin
                                       ? ", which is a real loss"
                                       : "";
  return fmt::format("{} {}{}; {} of {} or more is ruled out at {} confidence ({})", metric.metric,
                     movement(metric), finding, loss_word(rule), limit(rule), confidence(metric),
                     basis(metric));
}

std::string why_fail(const Contest& contest) {
  const MetricComparison& metric = *contest.metric;
  const Rule& rule = contest.outcome->rule;
  const auto p = metric.p_worse_adjusted ? metric.p_worse_adjusted : metric.p_worse;
  const std::string chance = p ? p_text(*p) + ", " : "";
  if (contest.decision.loss_exceeds_margin)
    return fmt::format("{} {}, and at {} confidence by more than {}; allowed is {} ({}{})",
                       metric.metric, movement(metric), confidence(metric),
                       loss(metric, *metric.upper), limit(rule), chance, basis(metric));
  return fmt::format("{} {}, which is no chance, and {} of {} or more cannot be ruled out ({}{})",
                     metric.metric, movement(metric), loss_word(rule), limit(rule), chance,
                     basis(metric));
}

// A bound that leaves what scores can do at all tells no more than the end of the scale.
double possible(const MetricComparison& metric, double oriented) {
  const bool bounded =
      metric.measure.kind == ScoreKind::binary || metric.measure.kind == ScoreKind::bounded;
  if (!bounded || metric.scale != Scale::difference) return oriented;
  const double range = metric.measure.range.high - metric.measure.range.low;
  return std::clamp(oriented, -range, range);
}

// "from -0.05 to +0.03", the lower end first.
std::string span_of(const MetricComparison& metric) {
  std::string worst = change(metric, possible(metric, *metric.lower));
  std::string best =
      metric.upper ? change(metric, possible(metric, *metric.upper)) : "any improvement";
  if (metric.sign < 0) std::swap(worst, best);
  return fmt::format("from {} to {}", worst, best);
}

std::string why_inconclusive(const Contest& contest) {
  const MetricComparison& metric = *contest.metric;
  const Rule& rule = contest.outcome->rule;
  if (contest.margin == 0)
    return fmt::format(
        "no regression detected, but with a margin of 0 only an improvement passes: {} {} ({})",
        metric.metric, movement(metric), basis(metric));
  const bool leaning = metric.estimate && *metric.estimate < -contest.margin;
  const std::string needed =
      metric.cases_needed && *metric.cases_needed > metric.n
          ? fmt::format("; an unchanged candidate would need about {} to pass",
                        counted(*metric.cases_needed, "case"))
          : "";
  return fmt::format(
      "{}{} {}, but the true change may be anything {} ({} bounds), so {} of {} is neither shown "
      "nor "
      "ruled out ({}){}",
      leaning ? "leaning worse: " : "", metric.metric, movement(metric), span_of(metric),
      confidence(metric), loss_word(rule), limit(rule), basis(metric), needed);
}

std::string why_hidden(const Contest& contest) {
  const MetricComparison& metric = *contest.metric;
  return fmt::format(
      "{} {} and would pass, but {} could hide a regression: had they all scored worst, the change "
      "could be {} (allowed: {})",
      metric.metric, movement(metric),
      counted(metric.failed, "case with a failed or unscored answer",
              "cases with failed or unscored answers"),
      change(metric, possible(metric, *metric.worst_case_lower)), limit(contest.outcome->rule));
}

void add_note(MetricComparison& metric, std::string_view note) {
  if (!has_note(metric, note)) metric.notes.emplace_back(note);
}

// Which outcome a metric shows when several rules look at it.
int weight(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return 0;
    case Outcome::inconclusive:
      return 1;
    case Outcome::not_comparable:
      return 2;
    case Outcome::fail:
    case Outcome::incomplete:
      break;
  }
  return 3;
}

void settle(RuleOutcome& outcome, MetricComparison* metric, Outcome decided, std::string why) {
  outcome.outcome = decided;
  outcome.why = std::move(why);
  if (metric == nullptr) return;
  outcome.value = metric->estimate;
  outcome.lower = metric->lower;
  outcome.upper = metric->upper;
  outcome.p_value = metric->p_worse_adjusted ? metric->p_worse_adjusted : metric->p_worse;
  if (!metric->outcome || weight(decided) > weight(*metric->outcome)) metric->outcome = decided;
}

void conclude(Contest& contest) {
  MetricComparison& metric = *contest.metric;
  for (const std::string_view note : contest.decision.notes()) add_note(metric, note);
  if (has_note(metric, "outputs_identical")) {
    settle(*contest.outcome, &metric, Outcome::pass, why_pass(contest));
    return;
  }
  switch (contest.decision.verdict) {
    case Verdict::pass:
      if (metric.worst_case_lower && *metric.worst_case_lower <= -contest.margin) {
        add_note(metric, "failed_calls_could_hide_a_regression");
        settle(*contest.outcome, &metric, Outcome::inconclusive, why_hidden(contest));
      } else {
        settle(*contest.outcome, &metric, Outcome::pass, why_pass(contest));
      }
      return;
    case Verdict::regression:
      settle(*contest.outcome, &metric, Outcome::fail, why_fail(contest));
      return;
    case Verdict::no_regression_detected:
      add_note(metric, "no_regression_detected");
      break;
    case Verdict::inconclusive:
    case Verdict::not_testable:
      break;
  }
  if (metric.estimate && *metric.estimate < -contest.margin) add_note(metric, "leaning_worse");
  settle(*contest.outcome, &metric, Outcome::inconclusive, why_inconclusive(contest));
}

// The contest of a rule, or its outcome where there is nothing to decide.
std::optional<Contest> contest_of(RuleOutcome& outcome, Comparison* comparison) {
  const Rule& rule = outcome.rule;
  if (comparison == nullptr) {
    settle(outcome, nullptr, Outcome::inconclusive, "there is no baseline to compare with");
    return std::nullopt;
  }
  MetricComparison* metric = comparison->find(rule);
  if (metric == nullptr)
    throw std::logic_error("the comparison was made for another gate: " + rule.text);
  if (!comparison->not_comparable.empty() || !metric->comparable) {
    settle(outcome, metric, Outcome::not_comparable,
           comparison->not_comparable.empty() ? metric->refusal : comparison->not_comparable);
    return std::nullopt;
  }
  if (!metric->lower) {
    settle(outcome, metric, Outcome::inconclusive,
           metric->n == 0
               ? metric->refusal
               : fmt::format("{} cannot be tested: {}", metric->metric, metric->refusal));
    return std::nullopt;
  }
  const auto margin =
      margin_on(metric->scale, rule.amount, rule.relative, metric->sign, metric->baseline_mean);
  if (!margin) {
    settle(outcome, metric, Outcome::inconclusive,
           fmt::format("the baseline's mean of {} is not above 0, so {} of it says nothing",
                       metric->metric, limit(rule)));
    return std::nullopt;
  }
  return Contest{&outcome, metric, *margin};
}

}  // namespace

void decide_comparing_rules(const GateSpec& gate, Comparison* comparison,
                            std::vector<RuleOutcome>& outcomes) {
  std::vector<Contest> contests;
  for (RuleOutcome& outcome : outcomes)
    if (outcome.rule.compares())
      if (auto contest = contest_of(outcome, comparison)) contests.push_back(*contest);
  decide_family(gate, contests);
  for (Contest& contest : contests) conclude(contest);
}

}  // namespace llmops
