#include "ci/serving/load_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/compare/quantiles.h"
#include "ci/compare/row_pairs.h"
#include "ci/gate/rules/rules.h"
#include "ci/gate/wording.h"
#include "ci/serving/load_cause.h"
#include "ci/serving/repeated_loads.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "ci/stats/t_test.h"

namespace llmops {
namespace {

constexpr double kHitsMoved = 0.05;
constexpr double kLargeAgainst = 5;  // a threshold below so many client errors decides nothing

bool is_time(const std::string& metric) {
  return metric == "ttft" || metric == "tpot" || metric == "itl" || metric == "latency";
}
bool is_throughput(const std::string& metric) {
  return metric == "request_throughput" || metric == "output_throughput";
}

std::vector<double> times_of(const LoadResult& load, const std::string& metric) {
  std::vector<double> values;
  for (const LoadRecord& record : load.records)
    if (in_window(load, record) && record.error == ErrorClass::none)
      if (const auto value = time_of(record, metric); value && *value > 0) values.push_back(*value);
  return values;
}

// Tenths of the steady window are the observations: requests of one moment share its fate.
void decide_throughput(const LoadFigures& figures, double alpha, RuleOutcome& rule) {
  if (rule.rule.compares()) {
    rule.outcome = Outcome::inconclusive;
    rule.why = fmt::format("{} is not compared with a baseline: expected `min` or `max`",
                           rule.rule.metric);
    return;
  }
  const std::vector<double>& blocks = rule.rule.metric == "request_throughput"
                                          ? figures.block_requests_per_s
                                          : figures.block_output_tokens_per_s;
  const auto test = stats::t_one_sample(blocks, 0, 1 - 2 * alpha);
  if (blocks.empty() || !test) {
    rule.outcome = Outcome::inconclusive;
    rule.why = fmt::format(
        "{} was not measured: {}", rule.rule.metric,
        blocks.empty() ? std::string("the steady window is too short") : test.refusal().sentence);
    return;
  }
  rule.value = test->mean;
  rule.lower = test->interval.lower;
  rule.upper = test->interval.upper;
  const bool least = rule.rule.kind == RuleKind::min;
  const double limit = rule.rule.amount;
  const bool holds = least ? *rule.lower >= limit : *rule.upper <= limit;
  const bool broken = least ? *rule.upper < limit : *rule.lower > limit;
  rule.outcome = holds ? Outcome::pass : broken ? Outcome::fail : Outcome::inconclusive;
  rule.why = fmt::format("{} is {} a second ({} to {} at {:.0f} % confidence), {} {}{}",
                         rule.rule.metric, figure(*rule.value), figure(*rule.lower),
                         figure(*rule.upper), 100 * (1 - alpha), least ? "at least" : "at most",
                         figure(limit), holds ? " as demanded" : " is demanded");
}

std::vector<stats::LatencyRound> rounds_of(const LoadGateInput& input, const std::string& metric) {
  std::vector<stats::LatencyRound> rounds;
  const std::size_t blocks = std::min(input.loads->size(), input.against->size());
  for (std::size_t i = 0; i + 1 < blocks; i += 2) {
    stats::LatencyRound round;
    for (const std::size_t block : {i, i + 1}) {
      const auto add = [&](const LoadResult& load, std::vector<double>& into) {
        const std::vector<double> values = times_of(load, metric);
        into.insert(into.end(), values.begin(), values.end());
      };
      add((*input.against)[block], round.baseline);
      add((*input.loads)[block], round.candidate);
    }
    if (!round.baseline.empty() && !round.candidate.empty()) rounds.push_back(std::move(round));
  }
  return rounds;
}

// Of the quantile `p`, or of the means.
double log_ratio(const stats::LatencyRound& round, const std::optional<double>& p) {
  const auto level = [&](const std::vector<double>& values) {
    return p ? *stats::quantile(values, *p) : stats::mean(values);
  };
  return std::log(level(round.candidate) / level(round.baseline));
}

void settle(const stats::LatencyBounds& bounds, const std::string& what, const std::string& over,
            stats::LatencyDesign design, RuleOutcome& rule) {
  rule.value = bounds.ratio - 1;
  rule.lower = bounds.lower - 1;
  rule.upper = bounds.upper - 1;
  const stats::Decision decision = stats::decide_latency(bounds, rule.rule.amount, design);
  rule.outcome = decision.verdict == stats::Verdict::pass         ? Outcome::pass
                 : decision.verdict == stats::Verdict::regression ? Outcome::fail
                                                                  : Outcome::inconclusive;
  rule.why = fmt::format("{} {} {} ({} to {} over {}), {} more is accepted", what,
                         bounds.ratio >= 1 ? "rose by" : "fell by",
                         percent(std::abs(bounds.ratio - 1)), percent(bounds.lower - 1),
                         percent(bounds.upper - 1), over, percent(rule.rule.amount));
}

std::string called(const Rule& rule) {
  return rule.statistic == "mean" ? rule.metric : fmt::format("{}_{}", rule.metric, rule.statistic);
}

// Repeats on both sides. They share the hour that they were made in, and the baseline's was
// another: a loss fails only where the whole interval lies beyond the margin.
void decide_repeats(const LoadGateInput& input, double alpha, RuleOutcome& rule) {
  if (input.baseline == nullptr || !is_time(rule.rule.metric) || !rule.rule.compares() ||
      !rule.rule.relative || !rule.rule.where.empty() || rule.outcome == Outcome::not_comparable)
    return;
  const auto loads = repeated_loads(*input.baseline, *input.candidate, rule.rule.metric,
                                    rule.rule.statistic, alpha);
  if (!loads) return;
  settle(loads->bounds, called(rule.rule),
         fmt::format("{} and {} loads", loads->baseline, loads->candidate),
         stats::LatencyDesign::stored, rule);
}

// Rounds of both servers: what drifts within a round hits both alike.
RoundChange change_of(const LoadGateInput& input, std::string metric, std::string statistic,
                      double alpha) {
  RoundChange change{.metric = std::move(metric), .statistic = std::move(statistic)};
  const std::vector<stats::LatencyRound> rounds = rounds_of(input, change.metric);
  change.rounds = rounds.size();
  const auto none = [&](std::string why) {
    change.why_none = std::move(why);
    return change;
  };
  const std::optional<double> p = quantile_level(change.statistic);
  if (!p && change.statistic != "mean") return none("expected p50, p90, p95, p99 or the mean");
  std::vector<double> ratios;
  for (const stats::LatencyRound& round : rounds) ratios.push_back(log_ratio(round, p));
  const auto test = stats::t_one_sample(ratios, 0, 1 - 2 * alpha);
  if (!test) return none(test.refusal().sentence);
  stats::LatencyBounds bounds{.ratio = std::exp(test->mean),
                              .lower = std::exp(test->interval.lower),
                              .upper = std::exp(test->interval.upper)};
  if (p) {
    // Few rounds make the percentile bootstrap too narrow, and Student's t knows nothing of rounds
    // that follow each other: the wider of both holds.
    const auto drawn = stats::interleaved_latency(rounds, *p, 1 - alpha);
    if (!drawn) return none(drawn.refusal().sentence);
    bounds.ratio = drawn->ratio;
    bounds.lower = std::min(bounds.lower, drawn->lower);
    bounds.upper = std::max(bounds.upper, drawn->upper);
  }
  change.bounds = bounds;
  return change;
}

void decide_interleaved(const LoadGateInput& input, double alpha, RuleOutcome& rule) {
  const std::string what = called(rule.rule);
  RoundChange change{.why_none = "expected a share, such as `max_increase: 10%`"};
  if (rule.rule.relative) change = change_of(input, rule.rule.metric, rule.rule.statistic, alpha);
  if (!change.bounds) {
    rule.outcome = Outcome::inconclusive;
    rule.why = fmt::format("{} was not compared: {}", what, change.why_none);
    return;
  }
  settle(*change.bounds, what, counted(static_cast<std::int64_t>(change.rounds), "round"),
         stats::LatencyDesign::comparable, rule);
}

// The rule's threshold in milliseconds; nullopt where it has none.
std::optional<double> threshold_ms(const RuleOutcome& rule, const Comparison* comparison,
                                   const LoadFigures& figures) {
  if (!is_time(rule.rule.metric)) return std::nullopt;
  if (!rule.rule.compares() || !rule.rule.relative) return rule.rule.amount;
  if (comparison != nullptr)
    if (const MetricComparison* metric = comparison->find(rule.rule))
      if (metric->baseline_mean) return rule.rule.amount * *metric->baseline_mean;
  const TimeFigure* own = figures.find(rule.rule.metric);
  if (own != nullptr && own->mean) return rule.rule.amount * *own->mean;
  return std::nullopt;
}

// A time between tokens carries the client's error once for all its tokens.
double error_of(const std::string& metric, double error_ms, const LoadFigures& figures) {
  if (metric != "tpot" && metric != "itl") return error_ms;
  return error_ms / std::max(1.0, figures.output_tokens.value_or(1) - 1);
}

void doubt(const LoadGateInput& input, const Comparison* comparison, RuleOutcome& rule) {
  const std::optional<double> threshold = threshold_ms(rule, comparison, *input.figures);
  const double error = error_of(rule.rule.metric, input.client_error_ms, *input.figures);
  if (!threshold || *threshold >= kLargeAgainst * error || rule.outcome == Outcome::not_comparable)
    return;
  rule.outcome = Outcome::inconclusive;
  rule.why = fmt::format(
      "{}: the client itself is late by up to {} ms, and the rule turns on {} ms; load from a "
      "machine with free processor time",
      rule.rule.text, figure(error), figure(*threshold));
}

// Share of the input tokens that came from the prefix cache, where the server tells it.
std::optional<double> hit_rate(const RunSource& run) {
  const auto input = MeasureColumn::find(run.header(), "input_tokens");
  const auto cached = MeasureColumn::find(run.header(), "cached_tokens");
  if (!input || !cached) return std::nullopt;
  double tokens = 0, hits = 0;
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);) {
    const auto of_input = input->value(row), of_cached = cached->value(row);
    if (!of_input || !of_cached) continue;
    tokens += *of_input;
    hits += *of_cached;
  }
  if (tokens <= 0) return std::nullopt;
  return hits / tokens;
}

// Prompts that share nothing cannot be served from a prefix cache: where its hit rate moved all the
// same, the two loads did not do the same work.
void doubt_cache(const LoadGateInput& input, const std::optional<double>& before,
                 const std::optional<double>& now, RuleOutcome& rule) {
  const bool prefill = rule.rule.metric == "ttft" || rule.rule.metric == "latency";
  if (!input.unique_prompts || !prefill || !rule.rule.compares() || !before || !now ||
      std::abs(*before - *now) <= kHitsMoved || rule.outcome == Outcome::not_comparable)
    return;
  rule.outcome = Outcome::inconclusive;
  rule.why = fmt::format(
      "{}: the prefix cache served {} of the input tokens, {} in the baseline, although no prompt "
      "shares a beginning: the two did not do the same work",
      rule.rule.text, percent(*now), percent(*before));
}

}  // namespace

double client_error_ms(const std::vector<LoadResult>& loads) {
  double worst = 0;
  for (const LoadResult& load : loads)
    worst = std::max(worst, load.loop_lag_p99_ms + load.schedule_lag.quantile(0.99).value_or(0));
  return worst;
}

LoadGate gate_load(const LoadGateInput& input) {
  LoadGate out;
  static const GateSpec kNone;
  const GateSpec& gate = input.gate != nullptr ? *input.gate : kNone;
  if (input.baseline != nullptr) {
    out.comparison = compare(*input.baseline, *input.candidate, gate, input.accepted);
    out.cause = explain_load(*input.baseline, *input.candidate);
  }
  const bool interleaved = input.against != nullptr && !input.against->empty();
  if (interleaved && input.tell_rounds)
    for (const char* metric : {"ttft", "tpot", "itl", "latency"})
      for (const char* statistic : {"p50", "p95"})
        out.rounds.push_back(change_of(input, metric, statistic, gate.alpha));
  if (input.gate == nullptr) return out;

  // Rules on the requests are one family; those that need the whole load are decided apart.
  const auto apart = [&](const Rule& rule) {
    return is_throughput(rule.metric) || (interleaved && is_time(rule.metric) && rule.compares());
  };
  GateSpec usual = gate;
  std::erase_if(usual.rules, apart);
  std::vector<RuleOutcome> decided;
  for (const Rule& rule : usual.rules) decided.push_back({.rule = rule, .why = ""});
  Comparison* const comparison = out.comparison ? &*out.comparison : nullptr;
  decide_comparing_rules(usual, comparison, decided);
  decide_absolute_rules(usual, *input.candidate, decided);

  std::optional<double> hits_before, hits_now;
  if (input.baseline != nullptr && input.unique_prompts) {
    hits_before = hit_rate(*input.baseline);
    hits_now = hit_rate(*input.candidate);
  }
  Verdict verdict;
  std::size_t next = 0;
  for (const Rule& rule : gate.rules) {
    RuleOutcome outcome{.rule = rule, .why = ""};
    if (is_throughput(rule.metric))
      decide_throughput(*input.figures, gate.alpha, outcome);
    else if (apart(rule))
      decide_interleaved(input, gate.alpha, outcome);
    else
      outcome = std::move(decided[next++]);
    if (!interleaved) decide_repeats(input, gate.alpha, outcome);
    doubt(input, comparison, outcome);
    doubt_cache(input, hits_before, hits_now, outcome);
    verdict.rules.push_back(std::move(outcome));
  }
  conclude(verdict, input.candidate->header());
  out.verdict = std::move(verdict);
  return out;
}

}  // namespace llmops
