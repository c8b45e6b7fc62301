// The reference vectors of whole gates, through compare() and decide() themselves.

#include <doctest/doctest.h>

#include <cmath>

#include "ci/comparison.h"
#include "ci/gate/verdict.h"
#include "ci/sequential.h"
#include "tests/support/built_run.h"
#include "tests/support/stat_vectors.h"

using namespace llmops;
using namespace llmops::test;

namespace {

Measure measure_of(const Value& input) {
  const std::string kind = text(input, "kind");
  Measure measure = kind == "positive" ? positive_measure("m")
                    : kind == "binary"
                        ? binary_measure("m")
                        : bounded_measure("m", number(input, "lo"), number(input, "hi"));
  measure.better = *member(input, "higher_better").boolean() ? Better::higher : Better::lower;
  return measure;
}

BuiltRun run_of(const Value& scores, const Measure& measure) {
  BuiltRun run({measure});
  for (const Member& each : *scores.object()) run.add(each.key, {each.value.number()});
  return run;
}

GateSpec gate_of(const Value& input, const Measure& measure) {
  Rule rule{.text = "r", .metric = "m", .statistic = "mean"};
  rule.kind = measure.better == Better::higher ? RuleKind::max_drop : RuleKind::max_increase;
  rule.amount = number(input, "margin");
  rule.relative = measure.kind == ScoreKind::positive;
  GateSpec gate;
  gate.alpha = number(input, "alpha");
  gate.rules.push_back(rule);
  return gate;
}

std::string method_of(const MetricComparison& metric, bool paired) {
  if (metric.method == "log ratio") return "paired_log_ratio";
  if (metric.method == "guarded") return "paired_bounded_guarded";
  if (metric.method == "tango score, mcnemar mid-p") return "paired_binary_score";
  if (metric.method == "newcombe hybrid score, pooled z") return "independent_binary_newcombe";
  return paired ? metric.method : "independent_bounded_guarded";
}

Value gate(const Value& input) {
  const Measure measure = measure_of(input);
  const BuiltRun baseline = run_of(member(input, "baseline"), measure);
  const BuiltRun candidate = run_of(member(input, "candidate"), measure);
  const GateSpec spec = gate_of(input, measure);
  Comparison comparison = compare(baseline, candidate, spec);
  const Verdict verdict = decide(spec, candidate, {}, &comparison);
  const MetricComparison& metric = comparison.metrics.front();
  const std::string outcome = verdict.rules.front().outcome == Outcome::fail
                                  ? "regression"
                                  : std::string(name(verdict.rules.front().outcome));
  Object out{
      {"n_base",  comparison.shared + comparison.only_baseline_count },
      {"n_cand",  comparison.shared + comparison.only_candidate_count},
      {"n_pairs", comparison.shared                                  },
      {"paired",  comparison.paired                                  },
      {"method",  method_of(metric,                                    comparison.paired)},
      {"verdict",         outcome                                                   }
  };
  out.add("estimate", optional(metric.estimate));
  out.add("lower", optional(metric.lower));
  out.add("upper", optional(metric.upper));
  out.add("p_worse", optional(metric.p_worse));
  out.add("margin", optional(metric.margin));
  return out;
}

// Bounds as a comparison would hold them, then the rules alone.
MetricComparison bounded_by(const Value& input, const std::string& name) {
  const auto number_of = [&](std::string_view key) {
    const Value* found = input.find(key);
    return found != nullptr && found->is_number() ? std::optional(found->number()) : std::nullopt;
  };
  MetricComparison metric;
  metric.metric = metric.measure.name = name;
  metric.lower = number_of("lower");
  metric.upper = number_of("upper");
  metric.p_worse = number_of("p_worse");
  if (!metric.lower) metric.refusal = "not testable";
  return metric;
}

Rule max_drop_of(const std::string& metric, double amount) {
  return {.text = metric,
          .metric = metric,
          .statistic = "mean",
          .kind = RuleKind::max_drop,
          .amount = amount};
}

std::string word(const RuleOutcome& rule, const MetricComparison& metric) {
  if (rule.outcome == Outcome::pass) return "pass";
  if (rule.outcome == Outcome::fail) return "regression";
  if (!metric.lower) return "not_testable";
  return rule.rule.amount == 0 ? "no_regression_detected" : "inconclusive";
}

Value one_verdict(const Value& input) {
  Comparison comparison;
  comparison.metrics.push_back(bounded_by(input, "m"));
  GateSpec spec;
  spec.rules.push_back(max_drop_of("m", number(input, "margin")));
  const Verdict verdict = decide(spec, BuiltRun({}), {}, &comparison);
  List notes;
  for (const std::string& note : comparison.metrics[0].notes)
    if (note != "no_regression_detected") notes.emplace_back(note);
  return Object{
      {"verdict", word(verdict.rules[0], comparison.metrics[0])},
      {"notes",         std::move(notes)                       }
  };
}

Value family_verdict(const Value& input) {
  Comparison comparison;
  GateSpec spec;
  spec.alpha = number(input, "alpha");
  for (const Value& each : *member(input, "metrics").list()) {
    const std::string name = "m" + std::to_string(comparison.metrics.size());
    comparison.metrics.push_back(bounded_by(each, name));
    spec.rules.push_back(max_drop_of(name, number(each, "margin")));
  }
  const Verdict verdict = decide(spec, BuiltRun({}), {}, &comparison);
  List metrics, adjusted;
  for (std::size_t i = 0; i < verdict.rules.size(); ++i) {
    metrics.emplace_back(word(verdict.rules[i], comparison.metrics[i]));
    adjusted.push_back(optional(comparison.metrics[i].p_worse_adjusted));
  }
  const std::string overall =
      verdict.outcome == Outcome::fail ? "regression" : std::string(name(verdict.outcome));
  return Object{
      {"metrics",      std::move(metrics) },
      {"p_worse_holm", std::move(adjusted)},
      {"overall",      overall            }
  };
}

// The pairs in their order through the object that a sequential run feeds, then the ordinary gate.
Value two_stage(const Value& input) {
  const Measure measure = text(input, "kind") == "binary"
                              ? binary_measure("m")
                              : bounded_measure("m", 0, number(input, "range"));
  BuiltRun baseline({measure}), candidate({measure});
  const std::vector<double> differences = numbers(input, "d");
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const double d = differences[i];
    const std::string id = std::to_string(10000 + i);
    baseline.add(id, {d < 0 ? -d : 0.0});
    candidate.add(id, {d < 0 ? 0.0 : d});
  }
  GateSpec spec;
  spec.rules.push_back(max_drop_of("m", number(input, "margin")));
  auto sequential =
      SequentialVerdict::make(spec, baseline.header(), candidate.header(), std::ssize(differences));
  REQUIRE(sequential);
  for (std::size_t i = differences.size(); i-- > 0;)  // the last finishes first
    sequential->add(static_cast<std::int64_t>(i), &baseline.change_rows()[i],
                    candidate.change_rows()[i]);
  const auto word_of = [](Outcome outcome) {
    return outcome == Outcome::fail ? "regression" : std::string(name(outcome));
  };
  if (sequential->decided())
    return Object{
        {"stage",   "early"                               },
        {"stop",    sequential->used()                    },
        {"verdict", word_of(sequential->verdict().outcome)}
    };
  const GateSpec last = sequential->final_gate();
  Comparison comparison = compare(baseline, candidate, last);
  const Verdict verdict = decide(last, candidate, {}, &comparison);
  const MetricComparison& metric = comparison.metrics[0];
  return Object{
      {"stage",   "final"                 },
      {"stop",    sequential->used()      },
      {"verdict", word_of(verdict.outcome)},
      {"lower",   optional(metric.lower)  },
      {"upper",   optional(metric.upper)  },
      {"p_worse", optional(metric.p_worse)}
  };
}

}  // namespace

TEST_CASE("verdict: reference vectors through decide") {
  check_vectors("gate_verdict", {
                                    {"verdict",        one_verdict   },
                                    {"verdict.family", family_verdict}
  });
}

TEST_CASE("gate: reference vectors through compare and decide") {
  check_vectors("gate_end_to_end", {{"gate", gate}, {"gate.two_stage", two_stage}});
}
