#include "ci/comparison.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "ci/gate/verdict.h"
#include "ci/stats/clustered.h"
#include "ci/stats/repeats.h"
#include "ci/stats/t_test.h"
#include "datasets/random.h"
#include "tests/support/built_run.h"

using namespace llmops;
using test::BuiltRun;

namespace {

Rule rule_of(std::string metric, RuleKind kind, double amount, bool relative = false) {
  Rule rule{.text = metric,
            .metric = std::move(metric),
            .statistic = "mean",
            .kind = kind,
            .amount = amount,
            .relative = relative};
  rule.text += fmt::format(" {} {}", static_cast<int>(kind), amount);
  return rule;
}

GateSpec gate_of(std::vector<Rule> rules) {
  GateSpec gate;
  gate.rules = std::move(rules);
  return gate;
}

// Scores in [0, 1] around `mean`, the same cases for the same seed; `shift` moves them.
BuiltRun scores(int cases, std::uint64_t noise, double shift, int groups = 0) {
  BuiltRun run({test::bounded_measure("score"), test::positive_measure("latency", "ms")},
               fmt::format("r{}", noise));
  for (int i = 0; i < cases; ++i) {
    Random of_case(11, static_cast<std::uint64_t>(i)), of_run(noise, static_cast<std::uint64_t>(i));
    const double level = 0.3 + 0.4 * of_case.uniform();
    CaseRow& row = run.add(fmt::format("c{:05}", i),
                           {std::clamp(level + shift + 0.2 * (of_run.uniform() - 0.5), 0.0, 1.0),
                            100 * std::exp(of_case.uniform() + 0.1 * of_run.uniform())});
    row.output = fmt::format("{:x}", of_run.next());
    if (groups > 0) row.group = std::to_string(i % groups);
  }
  return run;
}

}  // namespace

TEST_CASE("comparison: swapping the runs turns every sign, shuffling the cases changes nothing") {
  const BuiltRun a = scores(200, 1, 0), b = scores(200, 2, -0.03);
  const GateSpec gate = gate_of({rule_of("score", RuleKind::max_drop, 0.02)});
  const MetricComparison there = compare(a, b, gate).metrics[0],
                         back = compare(b, a, gate).metrics[0];
  CHECK(*there.difference == doctest::Approx(-*back.difference).epsilon(1e-12));
  CHECK(*there.statistic == doctest::Approx(-*back.statistic).epsilon(1e-12));
  CHECK(*there.lower == doctest::Approx(-*back.upper).epsilon(1e-12));
  CHECK(*there.interval_low == doctest::Approx(-*back.interval_high).epsilon(1e-12));
  CHECK(there.wins == back.losses);

  BuiltRun shuffled = b;
  std::ranges::reverse(shuffled.change_rows());
  const MetricComparison again = compare(a, shuffled, gate).metrics[0];
  CHECK(again.lower == there.lower);
  CHECK(again.statistic == there.statistic);
  CHECK(again.worst == there.worst);

  const MetricComparison fewer = compare(scores(100, 1, 0), scores(100, 2, -0.03), gate).metrics[0];
  CHECK(*there.upper - *there.lower < *fewer.upper - *fewer.lower);
}

TEST_CASE("comparison: a constant added to both runs changes nothing, a factor only the unit") {
  const BuiltRun a = scores(200, 1, 0), b = scores(200, 2, -0.03);
  BuiltRun higher_a = a, higher_b = b;
  for (BuiltRun* run : {&higher_a, &higher_b})
    for (CaseRow& row : run->change_rows()) {
      *row.values[0] = 0.25 + *row.values[0] / 2;  // within the scale
      *row.values[1] *= 1000;
    }
  const GateSpec gate = gate_of({rule_of("score", RuleKind::max_drop, 0.02),
                                 rule_of("latency", RuleKind::max_increase, 0.1, true)});
  const Comparison before = compare(a, b, gate), after = compare(higher_a, higher_b, gate);
  const MetricComparison &score = before.metrics[0], &half = after.metrics[0];
  CHECK(*half.difference == doctest::Approx(*score.difference / 2).epsilon(1e-10));
  CHECK(*half.statistic == doctest::Approx(*score.statistic).epsilon(1e-10));
  CHECK(*half.p_value == doctest::Approx(*score.p_value).epsilon(1e-9));
  const MetricComparison &time = before.metrics[1], &longer = after.metrics[1];
  CHECK(*longer.lower == doctest::Approx(*time.lower).epsilon(1e-10));
  CHECK(*longer.upper == doctest::Approx(*time.upper).epsilon(1e-10));
  CHECK(*longer.ratio == doctest::Approx(*time.ratio).epsilon(1e-10));

  BuiltRun shifted_a = a, shifted_b = b;
  for (BuiltRun* run : {&shifted_a, &shifted_b}) {
    run->change_header().measures[0].range = {5, 6};
    for (CaseRow& row : run->change_rows()) *row.values[0] += 5;
  }
  const MetricComparison shifted = compare(shifted_a, shifted_b, gate).metrics[0];
  CHECK(*shifted.lower == doctest::Approx(*score.lower).epsilon(1e-9));
  CHECK(*shifted.upper == doctest::Approx(*score.upper).epsilon(1e-9));
  CHECK(*shifted.p_worse == doctest::Approx(*score.p_worse).epsilon(1e-8));
}

TEST_CASE("comparison: the largest losses by case") {
  const BuiltRun a = scores(50, 1, 0);
  BuiltRun b = a;
  b.change_rows()[7].values[0] = 0.0;
  b.change_rows()[9].values[0] = *b.change_rows()[9].values[0] - 0.01;
  const MetricComparison metric =
      compare(a, b, gate_of({rule_of("score", RuleKind::max_drop, 0.02)})).metrics[0];
  REQUIRE(metric.worst.size() == 2);
  CHECK(metric.worst[0].first == "c00007");
  CHECK(metric.worst[1].first == "c00009");
  CHECK(metric.worst[1].second == doctest::Approx(-0.01));
  CHECK(metric.losses == 2);
  CHECK(metric.ties == 48);
}

TEST_CASE("comparison: clusters are the units") {
  const BuiltRun a = scores(200, 1, 0, 40), b = scores(200, 2, -0.02, 40);
  const GateSpec gate = gate_of({rule_of("score", RuleKind::max_drop, 0.05)});
  const MetricComparison metric = compare(a, b, gate).metrics[0];
  CHECK(metric.method == "guarded clusters");
  CHECK(metric.clusters == 40);
  std::vector<double> differences;
  std::vector<std::string> labels;
  CaseRow x, y;
  for (const auto before = a.rows(), after = b.rows(); before->next(x) && after->next(y);) {
    differences.push_back(*y.values[0] - *x.values[0]);
    labels.push_back(x.group);
  }
  const auto clusters = stats::clusters(differences, labels);
  const auto expected = stats::guarded_clustered(*clusters, 1.0, 0.95);
  CHECK(*metric.lower == doctest::Approx(expected->lower).epsilon(1e-12));
  CHECK(*metric.upper == doctest::Approx(expected->upper).epsilon(1e-12));
  CHECK(*metric.p_worse == doctest::Approx(expected->p_less).epsilon(1e-12));
  CHECK(*metric.design_effect == doctest::Approx(*clusters->design_effect).epsilon(1e-9));
}

TEST_CASE("comparison: several answers to a case, and what of the noise they are") {
  BuiltRun a({test::binary_measure("pass")}), b({test::binary_measure("pass")});
  std::vector<stats::Answers> before, after;
  for (int i = 0; i < 60; ++i) {
    Random random(5, static_cast<std::uint64_t>(i));
    for (auto [run, all] : {std::pair(&a, &before), std::pair(&b, &after)}) {
      stats::Answers answers;
      for (int k = 0; k < 4; ++k) answers.push_back(random.uniform() < 0.6 ? 1 : 0);
      const double mean = (answers[0] + answers[1] + answers[2] + answers[3]) / 4;
      CaseRow& row = run->add(fmt::format("c{:02}", i), {mean});
      row.samples = 4;
      row.variances = {4 * mean * (1 - mean) / 3};
      all->push_back(answers);
    }
  }
  const MetricComparison metric =
      compare(a, b, gate_of({rule_of("pass", RuleKind::max_drop, 0.1)})).metrics[0];
  CHECK(metric.method == "guarded");
  CHECK(metric.repeats == 4);
  const auto expected = stats::variance_components(before, after);
  CHECK(*metric.variance_between == doctest::Approx(*expected->between).epsilon(1e-9));
  CHECK(*metric.variance_within ==
        doctest::Approx(*expected->within_baseline + *expected->within_candidate).epsilon(1e-9));
}

TEST_CASE("comparison: a named test decides with its own figures") {
  const BuiltRun a = scores(200, 1, 0), b = scores(200, 2, -0.04);
  std::vector<std::string> methods;
  for (const char* test :
       {"paired_t", "welch_t", "bootstrap", "wilcoxon", "permutation", "mcnemar"}) {
    Rule rule = rule_of("score", RuleKind::max_drop, 0.02);
    rule.test = test;
    const GateSpec gate = gate_of({rule});
    Comparison comparison = compare(a, b, gate);
    const Verdict verdict = decide(gate, b, {}, &comparison);
    const MetricComparison& metric = comparison.metrics[0];
    CAPTURE(test);
    methods.push_back(metric.method);
    CHECK(metric.metric == "score");
    CHECK(metric.test == "paired t");  // always among the figures
    if (rule.test == "mcnemar") {
      CHECK(verdict.headline ==
            "INCONCLUSIVE: score cannot be tested: mcnemar needs pass/fail of the same cases");
      continue;
    }
    CHECK(verdict.outcome == Outcome::fail);
    CHECK(*metric.p_worse < 0.001);
    CHECK(*metric.estimate == doctest::Approx(-0.04).epsilon(0.2));
  }
  CHECK(methods == std::vector<std::string>{"paired t", "welch t", "bca bootstrap",
                                            "guarded, wilcoxon signed-rank test",
                                            "guarded, sign-flip test", "exact mcnemar"});
}

TEST_CASE("comparison: a metric keeps its plain name unless two rules ask for it") {
  const BuiltRun a = scores(60, 1, 0), b = scores(60, 2, 0);
  Rule plain = rule_of("score", RuleKind::max_drop, 0.1);
  Rule t = rule_of("score", RuleKind::max_drop, 0.2),
       ranks = rule_of("score", RuleKind::max_drop, 0.3);
  t.test = "paired_t";
  ranks.test = "wilcoxon";
  struct Row {
    const char* why;
    std::vector<Rule> rules;
    std::vector<std::string> names;
  };
  const Row rows[] = {
      {"the data choose",           {plain},    {"score", "latency"}                     },
      {"one test is named",         {t},        {"score", "latency"}                     },
      {"two tests are named",       {t, ranks}, {"score", "score by wilcoxon", "latency"}},
      {"named first, then by data", {t, plain}, {"score by paired_t", "score", "latency"}},
      {"all three",
       {ranks, plain, t},
       {"score by wilcoxon", "score", "score by paired_t", "latency"}                    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Comparison comparison = compare(a, b, gate_of(row.rules));
    std::vector<std::string> names;
    for (const MetricComparison& metric : comparison.metrics) names.push_back(metric.metric);
    CHECK(names == row.names);
    for (const Rule& rule : row.rules) CHECK(comparison.find(rule)->named_test == rule.test);
  }
}

TEST_CASE("comparison: a loss in one slice is found there") {
  BuiltRun a = scores(400, 1, 0), b = scores(400, 2, 0);
  for (BuiltRun* run : {&a, &b})
    for (std::size_t i = 0; i < 400; ++i) {
      CaseRow& row = run->change_rows()[i];
      row.tags = {
          {"lang", i % 5 == 0 ? "de" : "en"},
          {"all",  "true"                  }
      };
      if (run == &b && i % 5 == 0) row.values[0] = std::max(0.0, *row.values[0] - 0.2);
    }
  Rule slice = rule_of("score", RuleKind::max_drop, 0.05);
  slice.where = "tags.lang = de";
  const GateSpec gate = gate_of({rule_of("score", RuleKind::max_drop, 0.1), slice});
  Comparison comparison = compare(a, b, gate);
  const Verdict verdict = decide(gate, b, {}, &comparison);
  REQUIRE(comparison.slices.size() == 2);
  CHECK(comparison.slices[0].tag.value == "de");
  CHECK(comparison.slices[0].worse);
  CHECK(comparison.slices[0].n == 80);
  CHECK(*comparison.slices[0].difference == doctest::Approx(-0.2).epsilon(0.1));
  CHECK_FALSE(comparison.slices[1].worse);
  CHECK(verdict.rules[0].outcome == Outcome::pass);
  CHECK(verdict.rules[1].outcome == Outcome::fail);
  CHECK(comparison.find(slice)->metric == "score where tags.lang = de");
}

TEST_CASE("comparison: latency against a stored baseline fails only beyond the margin") {
  const BuiltRun a = scores(300, 1, 0);
  Rule p95 = rule_of("latency", RuleKind::max_increase, 0.3, true), mean = p95;
  p95.statistic = "p95";
  p95.text = "latency_p95";
  const GateSpec gate = gate_of({p95, mean});
  struct Row {
    double factor;
    Outcome outcome;
  };
  for (const Row& row : {
           Row{1.0, Outcome::pass        },
           Row{1.1, Outcome::pass        },
           Row{1.3, Outcome::inconclusive},
           Row{1.6, Outcome::fail        }
  }) {
    CAPTURE(row.factor);
    BuiltRun b = scores(300, 2, 0);
    for (CaseRow& each : b.change_rows()) each.values[1] = *each.values[1] * row.factor;
    Comparison comparison = compare(a, b, gate);
    const Verdict verdict = decide(gate, b, {}, &comparison);
    CHECK(verdict.rules[0].outcome == row.outcome);
    CHECK(verdict.rules[1].outcome == row.outcome);
    CHECK(comparison.find("latency_p95")->method == "percentile bootstrap");
  }
  const BuiltRun few = scores(99, 1, 0);
  Comparison comparison = compare(few, few, gate_of({p95}));
  comparison.outputs_identical = false;
  for (MetricComparison& metric : comparison.metrics) metric.notes.clear();
  const Verdict verdict = decide(gate_of({p95}), few, {}, &comparison);
  CHECK(verdict.headline ==
        "INCONCLUSIVE: latency_p95 cannot be tested: p95 needs 100 cases with a value in each run, "
        "and there are 99");
}

TEST_CASE("comparison: accepted runs tell how much times differ from run to run") {
  Rule p50 = rule_of("latency", RuleKind::max_increase, 0.05, true);
  p50.statistic = "p50";
  const GateSpec gate = gate_of({p50});
  const auto run_on_a_day = [](int day, double spread) {
    auto run = std::make_shared<BuiltRun>(scores(300, 20 + static_cast<std::uint64_t>(day), 0));
    for (CaseRow& row : run->change_rows())
      row.values[1] = *row.values[1] * (1 + spread * (day % 3 - 1));
    return run;
  };
  for (const double spread : {0.002, 0.1}) {
    CAPTURE(spread);
    std::vector<std::shared_ptr<const RunSource>> accepted;
    for (int day = 0; day < 8; ++day) accepted.push_back(run_on_a_day(day, spread));
    const auto candidate = run_on_a_day(100, 0);
    for (CaseRow& row : candidate->change_rows()) row.values[1] = *row.values[1] * 1.06;
    Comparison alone = compare(*accepted[1], *candidate, gate),
               with = compare(*accepted[1], *candidate, gate, accepted);
    CHECK(alone.metrics[0].whole_interval);
    CHECK_FALSE(with.metrics[0].whole_interval);
    CHECK(with.metrics[0].method == "percentile bootstrap, runs");
    CHECK(*with.metrics[0].lower < *alone.metrics[0].lower);
    // On a steady machine 6 % more is a regression; where days differ by 10 % it may be the day.
    CHECK(decide(gate, *candidate, {}, &with).outcome ==
          (spread < 0.01 ? Outcome::fail : Outcome::inconclusive));
    const auto few = std::span(accepted).first(4);
    CHECK(compare(*accepted[1], *candidate, gate, few).metrics[0].lower == alone.metrics[0].lower);
  }
}

TEST_CASE("comparison: many cases take order statistics instead of resampling") {
  Rule p50 = rule_of("latency", RuleKind::max_increase, 0.05, true);
  p50.statistic = "p50";
  const GateSpec gate = gate_of({p50});
  Comparison comparison = compare(scores(2500, 1, 0), scores(2500, 2, 0), gate);
  CHECK(comparison.find("latency_p50")->method == "order statistics");
  CHECK(decide(gate, scores(2500, 2, 0), {}, &comparison).outcome == Outcome::pass);
}

TEST_CASE("comparison: what cannot be compared says so") {
  const BuiltRun a = scores(150, 1, 0);
  BuiltRun b = a;
  b.change_header().hardware = Object{
      {"gpu", "B"}
  };
  b.change_header().measures[0].signature = "score|version:2";
  BuiltRun c = a;
  c.change_header().hardware = Object{
      {"gpu", "A"}
  };
  const GateSpec gate = gate_of({rule_of("score", RuleKind::max_drop, 0.02),
                                 rule_of("latency", RuleKind::max_increase, 0.3, true),
                                 rule_of("judge", RuleKind::max_drop, 0.1)});
  Comparison comparison = compare(c, b, gate);
  const Verdict verdict = decide(gate, b, {}, &comparison);
  CHECK(verdict.rules[0].outcome == Outcome::not_comparable);
  CHECK(verdict.rules[0].why ==
        "`score` is another measure now: score|version:1 -> score|version:2");
  CHECK(verdict.rules[1].outcome == Outcome::not_comparable);
  CHECK(verdict.rules[1].why == "the hardware is not that of the baseline");
  CHECK(verdict.rules[2].outcome == Outcome::inconclusive);
  CHECK(verdict.rules[2].why == "not measured, because the baseline has no `judge`");
  CHECK(verdict.outcome == Outcome::not_comparable);
  CHECK(exit_status(verdict, OnInconclusive::warn) == 0);
  CHECK(exit_status(verdict, OnInconclusive::fail) == 4);
  CHECK(comparison.changed ==
        std::vector<std::string>{"metric score score|version:1 -> score|version:2",
                                 "hardware.gpu A -> B"});
}

TEST_CASE("comparison: a case whose question changed is no pair") {
  BuiltRun a = scores(40, 1, 0), b = a;
  for (BuiltRun* run : {&a, &b})
    for (CaseRow& row : run->change_rows()) row.content = "same";
  b.change_rows()[3].content = "other";
  const Comparison comparison = compare(a, b, {});
  CHECK(comparison.shared == 39);
  CHECK(comparison.changed_content == 1);
  CHECK(comparison.only_baseline == std::vector<std::string>{"c00003"});
  CHECK_FALSE(comparison.outputs_identical);
  CHECK(comparison.metrics[0].n == 39);
  CHECK(comparison.warnings.back() == "1 case has the same id and another content: not compared");
}

TEST_CASE("verdict: policies, secondary rules, incomplete runs") {
  const BuiltRun a = scores(300, 1, 0);
  BuiltRun b = scores(300, 2, -0.1);
  Rule secondary = rule_of("score", RuleKind::max_drop, 0.02);
  secondary.primary = false;
  GateSpec gate = gate_of({secondary, rule_of("error_rate", RuleKind::max, 0.01)});
  Comparison comparison = compare(a, b, gate);
  Verdict verdict = decide(gate, b, {}, &comparison);
  CHECK(verdict.rules[0].outcome == Outcome::fail);
  CHECK(verdict.outcome == Outcome::pass);
  CHECK(verdict.headline.starts_with("PASS"));

  b.change_header().complete = false;
  b.change_header().why_incomplete = "the budget of 5 USD was used up after 300 of 900 cases";
  verdict = decide(gate, b, {}, &comparison);
  CHECK(verdict.outcome == Outcome::incomplete);
  CHECK(verdict.headline == "INCOMPLETE: the budget of 5 USD was used up after 300 of 900 cases");
  CHECK(exit_status(verdict, OnInconclusive::pass) == 3);
}

TEST_CASE("verdict: failed calls may be left out where the gate says so") {
  BuiltRun a({test::bounded_measure("score")}), b({test::bounded_measure("score")});
  for (int i = 0; i < 300; ++i) {
    a.add(fmt::format("c{:03}", i), {0.5});
    CaseRow& row = b.add(fmt::format("c{:03}", i), {i < 40 ? std::nullopt : std::optional(0.5)});
    row.failed = i < 40 ? 1 : 0;
  }
  b.change_header().counts.failed = 40;
  GateSpec gate = gate_of({rule_of("score", RuleKind::max_drop, 0.05)});
  Comparison comparison = compare(a, b, gate);
  CHECK(decide(gate, b, {}, &comparison).outcome == Outcome::inconclusive);
  gate.exclude_errors = true;
  comparison = compare(a, b, gate);
  const Verdict verdict = decide(gate, b, {}, &comparison);
  CHECK(verdict.outcome == Outcome::pass);
  CHECK(verdict.warnings ==
        std::vector<std::string>{
            "errors: exclude leaves 40 failed calls out of the comparison, wherever they fell"});
}
