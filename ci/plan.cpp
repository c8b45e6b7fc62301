#include "ci/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
#include "ci/set_figures.h"
#include "ci/stats/distributions.h"
#include "ci/stats/power.h"

namespace llmops {
namespace {

// Where no earlier comparison tells the spread. Pass/fail: the share of cases that change sides.
constexpr double kDiscordance = 0.2;
constexpr double kShareOfRange = 0.2;  // of bounded scores
constexpr double kLogSpread = 0.25;    // of tokens, cost and times

bool bounded(const Measure& measure) {
  return measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
}

double range_of(const Measure& measure) { return measure.range.high - measure.range.low; }

std::optional<Measure> find_measure(const std::vector<Measure>& measures, const std::string& name) {
  const auto found = std::ranges::find(measures, name, &Measure::name);
  if (found != measures.end()) return *found;
  const Measure* known = find_builtin_measure(name);
  return known == nullptr ? std::nullopt : std::optional(*known);
}

// Spread of the earlier comparison, read back from its standard error.
std::optional<double> earlier_spread(const MetricComparison& metric) {
  if (!metric.estimate || !metric.lower || !metric.upper || metric.n < 2 || !metric.alpha)
    return std::nullopt;
  const double error = (*metric.upper - *metric.lower) / (2 * stats::normal_isf(*metric.alpha));
  return error > 0 ? std::optional(error * std::sqrt(static_cast<double>(metric.n))) : std::nullopt;
}

void set_spread(RulePlan& plan, const Measure& measure, const PlanInput& input) {
  const MetricComparison* metric =
      input.earlier == nullptr ? nullptr : input.earlier->find(plan.rule);
  if (metric != nullptr)
    if (const auto spread = earlier_spread(*metric)) {
      plan.spread = *spread;
      plan.spread_from = fmt::format("the last comparison ({})", counted(metric->n, "case"));
      return;
    }
  if (measure.kind == ScoreKind::binary) {
    plan.spread = std::sqrt(kDiscordance);
    plan.spread_from = "assumed: one case in five changes";
  } else if (measure.kind == ScoreKind::bounded) {
    plan.spread = kShareOfRange * range_of(measure);
    plan.spread_from = "assumed: a fifth of the range";
  } else {
    plan.spread = kLogSpread;
    plan.spread_from = "assumed: cases differ by a quarter";
  }
}

// The chance that an unchanged candidate passes with n cases.
double power_of(const RulePlan& plan, double alpha, double n) {
  return stats::normal_cdf(plan.margin * std::sqrt(n) / plan.spread - stats::normal_isf(alpha));
}

void plan_comparison(RulePlan& plan, const Measure& measure, double alpha, const PlanInput& input) {
  const Rule& rule = plan.rule;
  if (!rule.relative && !bounded(measure)) {
    plan.refusal =
        "the spread of an open scale is not known beforehand: state the margin in percent";
    return;
  }
  const bool log_scale = rule.relative && !bounded(measure);
  plan.margin = !log_scale                        ? rule.amount
                : rule.kind == RuleKind::max_drop ? -std::log1p(-rule.amount)
                                                  : std::log1p(rule.amount);
  if (plan.margin <= 0) {
    plan.refusal = "with a margin of 0 only an improvement passes, whatever the number of cases";
    return;
  }
  set_spread(plan, measure, input);
  if (const auto mde =
          stats::detectable_effect(plan.spread, static_cast<double>(input.cases), input.power))
    plan.mde = *mde;
  if (input.cases > 1) plan.power_now = power_of(plan, alpha, static_cast<double>(input.cases));
  std::int64_t needed = 2;
  if (bounded(measure)) {
    if (const auto least = stats::cases_certify_identical(range_of(measure), plan.margin, alpha))
      plan.cases_at_least = *least;
    if (const auto cases =
            stats::cases_to_pass(plan.spread, range_of(measure), plan.margin, input.power, alpha))
      needed = *cases;
    if (plan.cases_at_least && input.cases < *plan.cases_at_least) plan.power_now = 0;
  } else if (const auto cases =
                 stats::cases_noninferiority(plan.spread, plan.margin, 0.0, input.power, alpha)) {
    needed = std::max<std::int64_t>(2, cases->n);
  }
  plan.cases_to_pass = needed;
  if (input.cases > 1)
    plan.certifiable_margin =
        stats::normal_isf(alpha) * plan.spread / std::sqrt(static_cast<double>(input.cases));
  for (const double share : {0.25, 0.5, 1.0, 2.0, 4.0}) {
    const auto n = std::max<std::int64_t>(2, std::llround(share * static_cast<double>(needed)));
    if (!plan.power_curve.empty() && plan.power_curve.back().first == n) continue;
    const bool possible = !plan.cases_at_least || n >= *plan.cases_at_least;
    plan.power_curve.emplace_back(n,
                                  possible ? power_of(plan, alpha, static_cast<double>(n)) : 0.0);
  }
}

// Twice the answers a case, or as many new cases as cost the same.
std::optional<RepeatAdvice> advise(double between, double within, const PlanInput& input) {
  if (input.cases < 2 || between + within <= 0) return std::nullopt;
  const auto n = static_cast<double>(input.cases);
  const double k = input.samples;
  // A new case is asked once for `cost_case`, then for `cost_repeat` each.
  const double spent = n * k * input.cost_repeat;
  const double new_case = input.cost_case + (k - 1) * input.cost_repeat;
  RepeatAdvice advice;
  advice.samples = 2 * std::int64_t{input.samples};
  advice.cases = input.cases + std::llround(spent / new_case);
  advice.error = stats::se_with_repeats(between, within, n, k);
  advice.error_samples =
      stats::se_with_repeats(between, within, n, static_cast<double>(advice.samples));
  advice.error_cases =
      stats::se_with_repeats(between, within, static_cast<double>(advice.cases), k);
  return advice;
}

void plan_repeats(RulePlan& plan, const PlanInput& input) {
  const MetricComparison* metric =
      input.earlier == nullptr ? nullptr : input.earlier->find(plan.rule);
  if (metric == nullptr || !metric->variance_between || !metric->variance_within) return;
  const auto best = stats::optimal_repeats(*metric->variance_between, *metric->variance_within,
                                           input.cost_case, input.cost_repeat);
  if (best) plan.best_repeats = std::max(1.0, *best);
  plan.advice = advise(*metric->variance_between, *metric->variance_within, input);
}

// A limit on a rate: how many cases without a single failure show that it is kept.
void plan_limit(RulePlan& plan, const Measure& measure, double alpha) {
  const double share = plan.rule.kind == RuleKind::min ? 1 - plan.rule.amount : plan.rule.amount;
  if (measure.kind != ScoreKind::binary || share <= 0 || share >= 1) {
    plan.refusal = "how many cases a limit takes depends on how far off the score is";
    return;
  }
  plan.cases_at_least = static_cast<std::int64_t>(std::ceil(std::log(alpha) / std::log1p(-share)));
}

}  // namespace

std::vector<RulePlan> plan_gate(const GateSpec& gate, const std::vector<Measure>& measures,
                                const PlanInput& input) {
  std::vector<RulePlan> plans;
  for (const Rule& rule : gate.rules) {
    RulePlan& plan = plans.emplace_back();
    plan.rule = rule;
    const auto measure = find_measure(measures, rule.metric);
    if (!measure && find_set_figure(measures, rule.metric))
      plan.refusal =
          "a figure of the whole set is not planned: its spread shows when two runs are compared";
    else if (!measure)
      plan.refusal = "nothing of that name is measured";
    else if (rule.statistic != "mean" && !rule.statistic.empty())
      plan.refusal = "quantiles are not planned: p50 needs 20 cases, p90 60, p95 100, p99 300";
    else if (rule.relative && bounded(*measure))
      plan.refusal =
          "a percentage of a score depends on the baseline: state the margin as a number";
    else if (rule.compares())
      plan_comparison(plan, *measure, gate.alpha, input);
    else
      plan_limit(plan, *measure, gate.alpha);
    if (plan.refusal.empty() && rule.compares()) plan_repeats(plan, input);
  }
  return plans;
}

}  // namespace llmops
