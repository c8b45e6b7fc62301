#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/compare/quantiles.h"
#include "ci/compare/row_pairs.h"
#include "ci/compare/tally.h"
#include "ci/gate/rules/rules.h"
#include "ci/gate/tag_filter.h"
#include "ci/gate/wording.h"
#include "ci/set_figures.h"
#include "ci/stats/binomial_interval.h"
#include "ci/stats/guarded.h"
#include "ci/stats/quantile_interval.h"
#include "ci/stats/resampling.h"

namespace llmops {
namespace {

struct Limits {
  std::optional<double> value, lower, upper;  // one-sided bounds
  std::string refusal;
};

bool bounded(const Measure& measure) {
  return measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
}

// A figure of the whole set in place of a measure: its cases, as they are and as if what failed had
// lost.
struct FigureGauge {
  SetFigure figure;
  FigureColumns columns;
  std::uint64_t stream;
  std::vector<FigureCase> cases = {}, with_failures = {};
};

// One rule while the rows stream by.
struct Gauge {
  RuleOutcome* outcome;
  std::optional<MeasureColumn> column;
  TagFilter filter;
  ArmTally values, with_failures;
  std::int64_t failed = 0;
  std::vector<double> kept = {};  // of a quantile
  std::optional<FigureGauge> figure = {};

  const Rule& rule() const { return outcome->rule; }
  const Measure& measure() const { return figure ? figure->figure.measure : column->measure(); }
  std::int64_t n() const { return figure ? std::ssize(figure->cases) : values.n(); }
  bool is_min() const { return rule().kind == RuleKind::min; }

  // What a failed call scores in the second condition of a pass.
  std::optional<double> worst() const {
    const bool counts_failures = measure().name == "error_rate" || measure().name == "coverage";
    if (!bounded(measure()) || counts_failures || rule().statistic != "mean") return std::nullopt;
    return is_min() ? measure().range.low : measure().range.high;
  }

  template <class Add>
  void visit(const CaseRow& row, Add add) {
    if (!column || !filter.matches(row.tags)) return;
    const std::optional<double> value = column->value(row);
    const auto failure = worst();
    add(value, failure ? with_failures_as(*failure, row, value) : value);
  }

  void visit_figure(const CaseRow& row) {
    if (!figure || !filter.matches(row.tags)) return;
    std::optional<FigureCase> judged = figure->columns.read(row);
    if (!judged || row.failed > 0) ++failed;
    figure->with_failures.push_back(figure->columns.read_worst(row, is_min() ? 0.0 : 1.0));
    if (judged) figure->cases.push_back(*std::move(judged));
  }
};

Limits guarded_limits(const ArmTally& tally, const Measure& measure, double alpha) {
  const auto found =
      stats::guarded_mean(tally.moments(), measure.range.low, measure.range.high, 1 - alpha);
  if (!found) return {.refusal = found.refusal().sentence};
  return {tally.mean(), found->lower, found->upper, ""};
}

Limits open_limits(const ArmTally& tally, double alpha) {
  const stats::Moments moments = tally.moments();
  if (moments.n > 1 && moments.constant()) return {moments.mean, moments.mean, moments.mean, ""};
  const auto found = stats::skew_corrected(moments, 1 - alpha);
  if (!found) return {.refusal = found.refusal().sentence};
  return {moments.mean, found->lower, found->upper, ""};
}

Limits binary_limits(const ArmTally& tally, double alpha) {
  return {tally.mean(), *stats::clopper_pearson_lower(tally.ones(), tally.n(), alpha),
          *stats::clopper_pearson_upper(tally.ones(), tally.n(), alpha), ""};
}

Limits quantile_limits(std::span<const double> values, double level, double alpha) {
  const std::size_t least = least_cases(level);
  if (values.size() < least)
    return {.refusal = fmt::format("p{:.0f} needs {} cases with a value, and there are {}",
                                   level * 100, least, values.size())};
  const auto found = stats::quantile_interval(values, level, 1 - 2 * alpha);
  if (!found) return {.refusal = found.refusal().sentence};
  return {found->estimate, found->lower, found->upper, ""};
}

Limits figure_limits(const Gauge& gauge, const std::vector<FigureCase>& cases, double alpha) {
  if (gauge.rule().statistic != "mean")
    return {.refusal = "a figure of the whole set has no quantiles"};
  const auto fitted = fit_figure(gauge.figure->figure.kind, cases);
  if (!fitted) return {.refusal = fitted.refusal().sentence};
  const std::array<double, 2> ends = {alpha, 1 - alpha};
  const auto bounds = stats::percentile_bounds(
      resample_figure(cases, fitted->of_cases, figure_resamples(cases.size()),
                      gauge.figure->stream),
      ends);
  return {fitted->value, (*bounds)[0], (*bounds)[1], ""};
}

Limits limits_of(const Gauge& gauge, const ArmTally& tally, double alpha) {
  if (gauge.figure)
    return figure_limits(
        gauge, &tally == &gauge.values ? gauge.figure->cases : gauge.figure->with_failures, alpha);
  if (tally.n() == 0)
    return {.refusal = fmt::format("not measured, because no call gave a value of `{}`",
                                   gauge.rule().metric)};
  if (gauge.rule().statistic == "max") return {tally.max(), tally.max(), tally.max(), ""};
  if (const auto level = quantile_level(gauge.rule().statistic))
    return quantile_limits(gauge.kept, *level, alpha);
  if (gauge.measure().kind == ScoreKind::binary && tally.binary())
    return binary_limits(tally, alpha);
  return bounded(gauge.measure()) ? guarded_limits(tally, gauge.measure(), alpha)
                                  : open_limits(tally, alpha);
}

// -1: the bound shows that the limit is broken, 1: that it is kept, 0: neither.
int side(const Gauge& gauge, const Limits& limits) {
  const double x = gauge.rule().amount;
  // A maximum and a constant are what they are: for them the limit itself is still allowed.
  const bool exact = limits.lower && limits.upper && *limits.lower == *limits.upper;
  if (exact) return (gauge.is_min() ? *limits.lower >= x : *limits.upper <= x) ? 1 : -1;
  const auto &kept = gauge.is_min() ? limits.lower : limits.upper,
             &broken = gauge.is_min() ? limits.upper : limits.lower;
  if (kept && (gauge.is_min() ? *kept > x : *kept < x)) return 1;
  if (broken && (gauge.is_min() ? *broken < x : *broken > x)) return -1;
  return 0;
}

// "max: 0" and "min: 1" of a rate ask that no case fails: no sample can show that of the
// population, so the cases of the run are what is judged.
bool at_the_end(const Gauge& gauge) {
  return !gauge.figure && bounded(gauge.measure()) && gauge.rule().statistic == "mean" &&
         gauge.rule().amount ==
             (gauge.is_min() ? gauge.measure().range.high : gauge.measure().range.low);
}

std::string shown(const Gauge& gauge, double value) {
  const bool rate = gauge.measure().name == "error_rate" || gauge.measure().name == "coverage";
  return rate ? percent(value) : figure(value);
}

std::string label(const Gauge& gauge) {
  const Rule& rule = gauge.rule();
  std::string name = rule.statistic == "mean" ? rule.metric : rule.metric + "_" + rule.statistic;
  return rule.where.empty() ? name : name + " where " + rule.where;
}

// "; without a failure 299 cases would show it"
std::string enough_without_failure(const Gauge& gauge, double alpha) {
  const double share = gauge.is_min() ? 1 - gauge.rule().amount : gauge.rule().amount;
  const bool flawless = gauge.values.ones() == (gauge.is_min() ? gauge.values.n() : 0);
  if (gauge.measure().kind != ScoreKind::binary || !gauge.values.binary() || !flawless ||
      share <= 0 || share >= 1)
    return "";
  const double cases = std::ceil(std::log(alpha) / std::log1p(-share));
  return fmt::format("; without a failure {} would show it",
                     counted(static_cast<std::int64_t>(cases), "case"));
}

std::string sentence(const Gauge& gauge, const Limits& limits, int where, double alpha) {
  const std::string cases = counted(gauge.n(), "case"), allowed = shown(gauge, gauge.rule().amount);
  const std::string_view most = gauge.is_min() ? "the least allowed" : "the most allowed";
  const std::string value = shown(gauge, *limits.value);
  if (limits.lower == limits.upper)
    return fmt::format("{} is {}, and {} is {} ({})", label(gauge), value, allowed, most, cases);
  const bool at_least = gauge.is_min() == (where > 0);
  const auto& bound = at_least ? limits.lower : limits.upper;
  if (where != 0)
    return fmt::format("{} is {}, at {} confidence at {} {}, and {} is {} ({})", label(gauge),
                       value, percent(1 - alpha), at_least ? "least" : "most", shown(gauge, *bound),
                       allowed, most, cases);
  const auto end = [&](const std::optional<double>& x) {
    return x ? shown(gauge, *x) : std::string("any value");
  };
  return fmt::format(
      "{} is {}, but the true one may be anything from {} to {} ({} bounds), and {} is {} ({}){}",
      label(gauge), value, end(limits.lower), end(limits.upper), percent(1 - alpha), allowed, most,
      cases, enough_without_failure(gauge, alpha));
}

void conclude(Gauge& gauge, const GateSpec& gate) {
  RuleOutcome& outcome = *gauge.outcome;
  outcome.outcome = Outcome::inconclusive;
  if (!gauge.column && !gauge.figure) {
    outcome.why = fmt::format("not measured, because the run has no `{}`", gauge.rule().metric);
    return;
  }
  const Limits limits = limits_of(gauge, gauge.values, gate.alpha);
  outcome.value = limits.value;
  outcome.lower = limits.lower;
  outcome.upper = limits.upper;
  if (!limits.value) {
    outcome.why = gauge.figure
                      ? fmt::format("{} is not measured, because {}", label(gauge), limits.refusal)
                  : gauge.values.n() == 0
                      ? limits.refusal
                      : fmt::format("{} cannot be tested: {}", label(gauge), limits.refusal);
    return;
  }
  if (at_the_end(gauge)) {
    const bool kept =
        *limits.value == gauge.rule().amount && (gate.exclude_errors || gauge.failed == 0);
    outcome.outcome = kept ? Outcome::pass : Outcome::fail;
    outcome.why = fmt::format("{} is {} in {}, and nothing else is allowed", label(gauge),
                              shown(gauge, *limits.value), counted(gauge.values.n(), "case"));
    if (gauge.failed > 0)
      outcome.why += fmt::format(" ({} failed)", counted(gauge.failed, "more case"));
    return;
  }
  const int where = side(gauge, limits);
  outcome.why = sentence(gauge, limits, where, gate.alpha);
  if (where < 0) outcome.outcome = Outcome::fail;
  if (where <= 0) return;
  const Limits worst = gauge.failed > 0 && !gate.exclude_errors
                           ? limits_of(gauge, gauge.with_failures, gate.alpha)
                           : limits;
  if (side(gauge, worst) > 0) {
    outcome.outcome = Outcome::pass;
    return;
  }
  outcome.why += fmt::format(
      "; but {} could hide that it is broken: had they all scored worst, it could be {}",
      counted(gauge.failed, "case with a failed or unscored answer",
              "cases with failed or unscored answers"),
      shown(gauge, gauge.is_min() ? *worst.lower : *worst.upper));
}

}  // namespace

void decide_absolute_rules(const GateSpec& gate, const RunSource& candidate,
                           std::vector<RuleOutcome>& outcomes) {
  std::vector<Gauge> gauges;
  for (RuleOutcome& outcome : outcomes)
    if (!outcome.rule.compares())
      gauges.push_back({&outcome,
                        MeasureColumn::find(candidate.header(), outcome.rule.metric),
                        TagFilter::parse(outcome.rule.where).value_or(TagFilter()),
                        {},
                        {}});
  for (Gauge& gauge : gauges)
    if (auto figure = find_set_figure(candidate.header().measures, gauge.rule().metric))
      gauge.figure.emplace(FigureGauge{
          *figure, FigureColumns(*figure, candidate.header()),
          stats::stream_of(candidate.header().seed, figure->measure.name, "figure rule")});
  if (gauges.empty()) return;
  CaseRow row;
  for (const auto rows = candidate.rows(); rows->next(row);)
    for (Gauge& gauge : gauges) {
      gauge.visit_figure(row);
      gauge.visit(row, [&](std::optional<double> value, std::optional<double> with_failures) {
        if (value) gauge.values.first(*value);
        if (with_failures) gauge.with_failures.first(*with_failures);
        if (value != with_failures) ++gauge.failed;
        if (value && quantile_level(gauge.rule().statistic)) gauge.kept.push_back(*value);
      });
    }
  for (Gauge& gauge : gauges) {
    gauge.values.begin_second();
    gauge.with_failures.begin_second();
  }
  for (const auto rows = candidate.rows(); rows->next(row);)
    for (Gauge& gauge : gauges)
      gauge.visit(row, [&](std::optional<double> value, std::optional<double> with_failures) {
        if (value) gauge.values.second(*value);
        if (with_failures) gauge.with_failures.second(*with_failures);
      });
  for (Gauge& gauge : gauges) conclude(gauge, gate);
}

}  // namespace llmops
