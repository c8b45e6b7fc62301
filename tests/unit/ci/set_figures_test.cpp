#include "ci/set_figures.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ci/comparison.h"
#include "ci/gate/verdict.h"
#include "ci/stats/length_controlled.h"
#include "datasets/random.h"
#include "tests/support/built_run.h"

using namespace llmops;
using doctest::Approx;

namespace {

Measure open(std::string name) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Measure measure = test::bounded_measure(std::move(name));
  measure.kind = ScoreKind::unbounded;
  measure.range = {-kInfinity, kInfinity};
  measure.better = Better::neither;
  return measure;
}

// Verdicts of a judge who likes length: logit P = liking * tanh(longer_by / 100) + constant.
test::BuiltRun judged(int cases, double liking, double constant, double shift, std::uint64_t seed) {
  test::BuiltRun run({test::bounded_measure("pairwise"), open("pairwise.longer_by")});
  Random random(seed, 5);
  for (int i = 0; i < cases; ++i) {
    const double longer_by = std::round(200 * (random.uniform() - 0.5) + shift);
    const double logit = liking * std::tanh(longer_by / 100) + constant;
    run.add("c" + std::to_string(1000 + i),
            {random.uniform() < 1 / (1 + std::exp(-logit)) ? 1.0 : 0.0, longer_by});
  }
  return run;
}

GateSpec gate_of(RuleKind kind, double amount, const std::string& metric) {
  GateSpec gate;
  Rule& rule = gate.rules.emplace_back();
  rule.text = metric;
  rule.metric = metric;
  rule.statistic = "mean";
  rule.kind = kind;
  rule.amount = amount;
  return gate;
}

RuleOutcome decided(const test::BuiltRun& run, RuleKind kind, double amount,
                    const test::BuiltRun* baseline = nullptr,
                    const std::string& metric = "pairwise.length_controlled") {
  const GateSpec gate = gate_of(kind, amount, metric);
  std::vector<std::string> warnings;
  std::optional<Comparison> comparison;
  if (baseline != nullptr) comparison = compare(*baseline, run, gate);
  return decide(gate, run, summarize(run, warnings), comparison ? &*comparison : nullptr).rules[0];
}

}  // namespace

TEST_CASE("set_figures: they follow from the columns that a run has") {
  Measure passes = test::binary_measure("pass");
  const std::vector<Measure> measures = {test::bounded_measure("a"),
                                         open("a.longer_by"),
                                         open("a.weight"),
                                         test::bounded_measure("b"),
                                         open("b.style_length"),
                                         test::bounded_measure("c"),
                                         passes,
                                         open("pass.longer_by"),
                                         open("d.longer_by")};
  std::vector<std::string> names;
  for (const SetFigure& figure : set_figures(measures)) names.push_back(figure.measure.name);
  // A preference that `min` made pass/fail is none any more.
  CHECK(names ==
        std::vector<std::string>{"a.win_rate", "a.length_controlled", "b.style_controlled"});
  CHECK(find_set_figure(measures, "a.win_rate"));
  CHECK_FALSE(find_set_figure(measures, "c.win_rate"));
}

TEST_CASE("set_figures: the rate at equal length is that of the statistic, and its interval") {
  const test::BuiltRun run = judged(400, 2, 0.3, 60, 3);
  std::vector<std::string> warnings;
  const Summary summary = summarize(run, warnings);
  const MeasureSummary* found = summary.find("pairwise.length_controlled");
  REQUIRE(found != nullptr);
  std::vector<double> preferences, longer_by;
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);) {
    preferences.push_back(*row.values[0]);
    longer_by.push_back(*row.values[1]);
  }
  const auto direct = stats::length_controlled(preferences, longer_by);
  REQUIRE(direct);
  CHECK(found->mean.value() == Approx(direct->controlled));
  CHECK(found->interval_low.value() == Approx(direct->interval.lower).epsilon(0.02));
  CHECK(found->interval_high.value() == Approx(direct->interval.upper).epsilon(0.02));
  CHECK(found->n == 400);
  CHECK(found->measure.signature.ends_with("|figure:length_controlled|version:1"));
  // The judge's liking is gone from the figure, not from the plain rate.
  CHECK(found->mean.value() < summary.find("pairwise")->mean.value() - 0.05);
}

TEST_CASE("set_figures: where a figure is undefined it says why") {
  struct Row {
    const char* why;
    std::vector<std::vector<std::optional<double>>> cases;
    const char* sentence;
  };
  const Row rows[] = {
      {"nothing judged",
       {{std::nullopt, 3.0}, {std::nullopt, 4.0}},
       "not measured, because there are fewer than two judged pairs"                                            },
      {"one pair",       {{1.0, 3.0}},             "not measured, because there are fewer than two judged pairs"},
      {"equal lengths",
       {{1.0, 3.0}, {0.0, 3.0}, {1.0, 3.0}},
       "not measured, because all answers differ in length by the same amount"                                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    test::BuiltRun run({test::bounded_measure("pairwise"), open("pairwise.longer_by")});
    int i = 0;
    for (const auto& values : row.cases) run.add("c" + std::to_string(i++), values);
    std::vector<std::string> warnings;
    const Summary summary = summarize(run, warnings);
    const MeasureSummary* found = summary.find("pairwise.length_controlled");
    REQUIRE(found != nullptr);
    CHECK_FALSE(found->mean);
    CHECK(found->why == row.sentence);
    const RuleOutcome rule = decided(run, RuleKind::min, 0.4);
    CHECK(rule.outcome == Outcome::inconclusive);
    CHECK(rule.why.find("is not measured, because") != std::string::npos);
  }
  // One item without a difficulty leaves the three-term model without its third term.
  test::BuiltRun run(
      {test::bounded_measure("pairwise"), open("pairwise.longer_by"), open("pairwise.difficulty")});
  run.add("a", {1.0, 3.0, 0.2});
  run.add("b", {0.0, -3.0, std::nullopt});
  run.add("c", {0.0, 5.0, 0.1});
  std::vector<std::string> warnings;
  CHECK(summarize(run, warnings).find("pairwise.length_controlled")->why ==
        "not measured, because 1 of 3 cases have no difficulty");
}

TEST_CASE("set_figures: Arena-Hard counts verdicts, 100 resamples, 90 %") {
  test::BuiltRun run({test::bounded_measure("pairwise"), open("pairwise.weight")});
  // Strong wins (weight 6 of two orders) in a quarter of the cases, plain losses elsewhere.
  for (int i = 0; i < 80; ++i)
    run.add("c" + std::to_string(100 + i), {i % 4 == 0 ? 1.0 : 0.0, i % 4 == 0 ? 6.0 : 2.0});
  std::vector<std::string> warnings;
  const Summary summary = summarize(run, warnings);
  const MeasureSummary* found = summary.find("pairwise.win_rate");
  REQUIRE(found != nullptr);
  CHECK(found->mean.value() == Approx(20 * 6.0 / (20 * 6 + 60 * 2)));  // 1/2, where cases say 1/4
  CHECK(found->level == 0.90);
  CHECK(found->interval_low.value() > 0.35);
  CHECK(found->interval_low.value() < 0.48);
  CHECK(found->interval_high.value() > 0.52);
  CHECK(found->interval_high.value() < 0.65);
}

TEST_CASE("set_figures: the rate at equal style takes each kind of dress out") {
  Random random(9, 9);
  test::BuiltRun run({test::bounded_measure("pairwise"), open("pairwise.style_length"),
                      open("pairwise.style_headers"), open("pairwise.style_lists"),
                      open("pairwise.style_bold")});
  // The judge likes lists and bold, which the candidate uses more; the answers are as good.
  for (int i = 0; i < 2000; ++i) {
    const double length = random.uniform() - 0.5, lists = 0.1 * random.uniform(),
                 bold = 0.2 * random.uniform() - 0.05;
    const double logit = 25 * lists + 10 * bold;
    run.add("c" + std::to_string(10000 + i),
            {random.uniform() < 1 / (1 + std::exp(-logit)) ? 1.0 : 0.0, length, 0.0, lists, bold});
  }
  std::vector<std::string> warnings;
  const Summary summary = summarize(run, warnings);
  const MeasureSummary* found = summary.find("pairwise.style_controlled");
  REQUIRE(found != nullptr);
  CHECK(summary.find("pairwise")->mean.value() > 0.75);
  CHECK(found->interval_low.value() < 0.5);
  CHECK(found->interval_high.value() > 0.5);
  CHECK(found->mean.value() == Approx(0.5).epsilon(0.15));
}

TEST_CASE("set_figures: a rule gates the rate at equal length") {
  // At equal length the candidate wins 57 %, though the judge's liking shows 70 %.
  const test::BuiltRun run = judged(600, 2.5, 0.3, 60, 11);
  CHECK(decided(run, RuleKind::min, 0.45).outcome == Outcome::pass);
  const RuleOutcome fails = decided(run, RuleKind::min, 0.7);
  CHECK(fails.outcome == Outcome::fail);
  CHECK(fails.why.find("pairwise.length_controlled is 0.") == 0);
  CHECK(fails.upper.value() < 0.7);
  CHECK(decided(run, RuleKind::min, 0.57).outcome == Outcome::inconclusive);
  // What failed counts as lost before the rule passes.
  test::BuiltRun failing = judged(600, 2.5, 0.3, 60, 11);
  for (int i = 0; i < 300; ++i) {
    CaseRow& row = failing.add("f" + std::to_string(1000 + i), {std::nullopt, std::nullopt});
    row.failed = row.samples;
  }
  const RuleOutcome hidden = decided(failing, RuleKind::min, 0.45);
  CHECK(hidden.outcome == Outcome::inconclusive);
  CHECK(hidden.why.find("could hide") != std::string::npos);
}

TEST_CASE("set_figures: two runs are compared by refits over the same drawn cases") {
  const test::BuiltRun before = judged(400, 2, 0.8, 0, 21), same = judged(400, 2, 0.8, 0, 21),
                       worse = judged(400, 2, -0.8, 120, 22);
  // Longer answers, a worse prompt: the plain rate hides part of the loss.
  const Comparison comparison = compare(before, worse, GateSpec{});
  const MetricComparison* found = comparison.find("pairwise.length_controlled");
  REQUIRE(found != nullptr);
  CHECK(found->difference.value() < -0.2);
  CHECK(found->interval_high.value() < 0);
  CHECK(found->lower.value() < found->estimate.value());
  CHECK(found->upper.value() > found->estimate.value());
  CHECK(found->p_worse.value() < 0.01);
  CHECK(found->method == "bootstrap, 1,999 resamples");
  CHECK_FALSE(found->outcome);
  CHECK(found->n == 400);

  CHECK(decided(worse, RuleKind::max_drop, 0.1, &before).outcome == Outcome::fail);
  CHECK(decided(same, RuleKind::max_drop, 0.1, &before).outcome == Outcome::pass);
  const RuleOutcome absent = decided(same, RuleKind::max_drop, 0.1, &before, "pairwise.win_rate");
  CHECK(absent.outcome == Outcome::inconclusive);
  // The swap of the runs mirrors the interval.
  const Comparison swapped = compare(worse, before, GateSpec{});
  CHECK(swapped.find("pairwise.length_controlled")->difference.value() ==
        Approx(-found->difference.value()));
}

TEST_CASE("set_figures: cases of one group are drawn together") {
  // Ten conversations of forty equal turns: the interval is that of ten cases.
  test::BuiltRun apart({test::bounded_measure("pairwise"), open("pairwise.weight")}),
      together({test::bounded_measure("pairwise"), open("pairwise.weight")});
  for (int i = 0; i < 400; ++i) {
    const std::vector<std::optional<double>> values = {i / 40 % 2 == 0 ? 1.0 : 0.0, 2.0};
    apart.add("c" + std::to_string(1000 + i), values);
    together.add("c" + std::to_string(1000 + i), values).group = "g" + std::to_string(i / 40);
  }
  std::vector<std::string> warnings;
  const auto width = [&](const test::BuiltRun& run) {
    const Summary summary = summarize(run, warnings);
    const MeasureSummary* found = summary.find("pairwise.win_rate");
    return *found->interval_high - *found->interval_low;
  };
  CHECK(width(together) > 3 * width(apart));
}
