#include "ci/sequential.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
#include "datasets/random.h"

namespace llmops {
namespace {

constexpr std::uint64_t kOrderStream = 0x5E90;  // apart from the streams of samples and resamples

// Why a rule cannot be followed case by case; empty: it can.
std::string obstacle(const Rule& rule, const Measure* measure) {
  if (!rule.compares()) return "it compares with no baseline";
  if (measure == nullptr) return "the two runs do not both measure it";
  if (measure->kind != ScoreKind::binary && measure->kind != ScoreKind::bounded)
    return "its metric has no range";
  if (rule.statistic != "mean" && !rule.statistic.empty()) return "it is about a quantile";
  if (!rule.where.empty()) return "it is about some of the cases";
  if (rule.relative) return "its margin is a share of a baseline that is not known yet";
  if (rule.amount <= 0 || rule.amount >= measure->range.high - measure->range.low)
    return "its margin is not between 0 and the range of the metric";
  return "";
}

}  // namespace

std::vector<std::uint32_t> drawn_order(std::size_t cases, std::uint64_t seed) {
  std::vector<std::uint32_t> order(cases);
  for (std::size_t i = 0; i < cases; ++i) order[i] = static_cast<std::uint32_t>(i);
  Random random(seed, kOrderStream);
  for (std::size_t i = cases; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

Result<SequentialVerdict> SequentialVerdict::make(const GateSpec& gate, const RunHeader& baseline,
                                                  const RunHeader& candidate, std::int64_t cases) {
  SequentialVerdict run(gate, cases);
  Diagnostics problems;
  for (std::size_t i = 0; i < gate.rules.size(); ++i) {
    const Rule& rule = gate.rules[i];
    if (!rule.primary) continue;
    const auto before = MeasureColumn::find(baseline, rule.metric),
               after = MeasureColumn::find(candidate, rule.metric);
    const std::string why = obstacle(rule, before && after ? &after->measure() : nullptr);
    if (!why.empty()) {
      run.can_pass_ = false;
      problems.push_back(
          problem(fmt::format("`{}` cannot be followed case by case: {}", rule.text, why)));
      continue;
    }
    const Range range = after->measure().range;
    const double width = range.high - range.low, margin = rule.amount / width;
    const double sign = rule.kind == RuleKind::max_increase ? -1.0 : 1.0;
    run.followers_.push_back({i, *before, *after, sign, width, sign > 0 ? range.low : range.high,
                              rule.amount, stats::EProcess(-margin, margin),
                              stats::EProcess(0.0, margin)});
  }
  if (!run.followers_.empty()) return run;
  if (problems.empty()) problems.push_back(problem("the gate has no primary rule"));
  return problems;
}

SequentialVerdict::Step SequentialVerdict::step_of(const Follower& follower,
                                                   const CaseRow* baseline,
                                                   const CaseRow& candidate) const {
  Step step;
  const auto before =
      baseline == nullptr ? std::optional<double>() : follower.before.value(*baseline);
  if (!before) return step;
  const auto after = follower.after.value(candidate);
  const auto change = [&](double value) { return follower.sign * (value - *before); };
  if (after) step.for_regression = change(*after);
  const auto with_failures =
      gate_.exclude_errors ? after : with_failures_as(follower.worst, candidate, after);
  if (with_failures) step.for_pass = change(*with_failures);
  return step;
}

void SequentialVerdict::add(std::int64_t position, const CaseRow* baseline,
                            const CaseRow& candidate) {
  if (decided() || position < next_) return;
  if (!candidate.group.empty() && ++groups_[candidate.group] > 1) grouped_ = true;
  std::vector<Step> steps;
  for (const Follower& follower : followers_)
    steps.push_back(step_of(follower, baseline, candidate));
  waiting_.emplace(position, std::move(steps));
  while (!decided() && !waiting_.empty() && waiting_.begin()->first == next_) {
    take(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
}

void SequentialVerdict::take(const std::vector<Step>& steps) {
  ++next_;
  for (std::size_t i = 0; i < followers_.size(); ++i) {
    Follower& follower = followers_[i];
    if (const auto& d = steps[i].for_pass) {
      follower.pass.add(*d / follower.range);
      follower.log_e_pass = std::max(follower.log_e_pass, follower.pass.log_e());
    }
    if (const auto& d = steps[i].for_regression) {
      follower.regression.add(-*d / follower.range);
      follower.log_e_regression = std::max(follower.log_e_regression, follower.regression.log_e());
      follower.sum += *d;
      ++follower.n;
    }
  }
  if (grouped_) return;  // cases of one group are no separate units: the whole set decides
  const double wanted = std::log(1 / early_alpha());
  const double wanted_of_family = wanted + std::log(static_cast<double>(followers_.size()));
  if (std::ranges::any_of(
          followers_, [&](const Follower& f) { return f.log_e_regression >= wanted_of_family; }))
    outcome_ = Outcome::fail;
  else if (can_pass_ && std::ranges::all_of(
                            followers_, [&](const Follower& f) { return f.log_e_pass >= wanted; }))
    outcome_ = Outcome::pass;
}

Verdict SequentialVerdict::verdict() const {
  Verdict verdict;
  verdict.outcome = outcome_.value();
  for (const Rule& rule : gate_.rules)
    verdict.rules.push_back({.rule = rule,
                             .outcome = Outcome::inconclusive,
                             .why = "the run stopped before this rule could be decided"});
  const double wanted = std::log(1 / early_alpha());
  const double wanted_of_family = wanted + std::log(static_cast<double>(followers_.size()));
  for (const Follower& follower : followers_) {
    RuleOutcome& rule = verdict.rules[follower.rule];
    const double mean =
        follower.n > 0 ? follower.sign * follower.sum / static_cast<double>(follower.n) : 0.0;
    const std::string change = fmt::format("{} changed by {} in the first {}", rule.rule.metric,
                                           signed_figure(mean), counted(follower.n, "case"));
    rule.value = follower.sign * mean;
    if (follower.log_e_regression >= wanted_of_family) {
      rule.outcome = Outcome::fail;
      rule.why = fmt::format("{}: that there is no loss is refuted (e-value {} of the {} wanted)",
                             change, figure(std::exp(follower.log_e_regression)),
                             figure(std::exp(wanted_of_family)));
    } else if (follower.log_e_pass >= wanted) {
      rule.outcome = Outcome::pass;
      rule.why = fmt::format("{}: a loss of {} or more is refuted (e-value {} of the {} wanted)",
                             change, figure(follower.margin), figure(std::exp(follower.log_e_pass)),
                             figure(std::exp(wanted)));
    }
  }
  const auto decided_by = std::ranges::find(verdict.rules, verdict.outcome, &RuleOutcome::outcome);
  verdict.headline = fmt::format("{}: {}; stopped after {} of {}",
                                 verdict.outcome == Outcome::pass ? "PASS" : "FAIL",
                                 decided_by->why, grouped(next_), counted(cases_, "case"));
  return verdict;
}

GateSpec SequentialVerdict::final_gate() const {
  GateSpec gate = gate_;
  gate.alpha -= early_alpha();
  return gate;
}

}  // namespace llmops
