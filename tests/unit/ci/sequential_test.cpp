#include "ci/sequential.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "tests/support/built_run.h"

using namespace llmops;
using test::BuiltRun;

namespace {

Rule rule_of(std::string metric, RuleKind kind, double amount) {
  Rule rule{.text = metric, .metric = metric, .statistic = "mean", .kind = kind, .amount = amount};
  rule.text += kind == RuleKind::max_drop       ? " max_drop"
               : kind == RuleKind::max_increase ? " max_increase"
                                                : " min";
  return rule;
}

}  // namespace

TEST_CASE("sequential: the order is a permutation that the seed alone decides") {
  const auto order = drawn_order(500, 3);
  CHECK(order == drawn_order(500, 3));
  CHECK(order != drawn_order(500, 4));
  auto sorted = order;
  std::ranges::sort(sorted);
  for (std::uint32_t i = 0; i < 500; ++i) CHECK(sorted[i] == i);
}

TEST_CASE("sequential: a broken candidate stops early, whatever order calls finish in") {
  BuiltRun a({test::binary_measure("pass")}), b({test::binary_measure("pass")});
  for (int i = 0; i < 500; ++i) {
    a.add(fmt::format("c{}", i), {1.0});
    b.add(fmt::format("c{}", i), {i % 3 == 0 ? 0.0 : 1.0});
  }
  GateSpec gate;
  gate.rules = {rule_of("pass", RuleKind::max_drop, 0.05), rule_of("pass", RuleKind::min, 0.2)};
  auto run = SequentialVerdict::make(gate, a.header(), b.header(), 500);
  REQUIRE(run);
  for (std::size_t i = 0; i < 500; i += 2)  // in pairs, the later one first
    for (const std::size_t at : {i + 1, i})
      run->add(static_cast<std::int64_t>(at), &a.change_rows()[at], b.change_rows()[at]);
  REQUIRE(run->decided());
  CHECK(run->used() < 100);
  const Verdict verdict = run->verdict();
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(verdict.rules[1].outcome == Outcome::inconclusive);
  CHECK(verdict.headline.ends_with(fmt::format("stopped after {} of 500 cases", run->used())));
}

TEST_CASE("sequential: failed calls, groups and other rules never help a pass") {
  for (const char* what : {"good", "failed", "grouped", "another rule"}) {
    CAPTURE(what);
    BuiltRun a({test::bounded_measure("score")}), b({test::bounded_measure("score")});
    for (int i = 0; i < 2000; ++i) {
      a.add(fmt::format("c{}", i), {0.5});
      CaseRow& row = b.add(fmt::format("c{}", i), {0.5});
      if (what == std::string("failed") && i % 5 == 0) row.values[0].reset();
      if (what == std::string("grouped")) row.group = std::to_string(i / 2);
    }
    GateSpec gate;
    gate.rules = {rule_of("score", RuleKind::max_drop, 0.05)};
    if (what == std::string("another rule"))
      gate.rules.push_back(rule_of("score", RuleKind::min, 0.2));
    auto run = SequentialVerdict::make(gate, a.header(), b.header(), 2000);
    REQUIRE(run);
    for (std::size_t i = 0; i < 2000; ++i)
      run->add(static_cast<std::int64_t>(i), &a.change_rows()[i], b.change_rows()[i]);
    CHECK(run->decided() == (what == std::string("good")));
    if (run->decided()) CHECK(run->verdict().outcome == Outcome::pass);
    CHECK(run->final_gate().alpha == doctest::Approx(0.04));
  }
}

TEST_CASE("sequential: rules that cannot be followed") {
  const BuiltRun run({test::bounded_measure("score"), test::positive_measure("tokens")});
  GateSpec gate;
  gate.rules = {rule_of("tokens", RuleKind::max_increase, 0.1),
                rule_of("score", RuleKind::max_drop, 0)};
  const auto made = SequentialVerdict::make(gate, run.header(), run.header(), 10);
  CHECK_FALSE(made);
  CHECK(render(made.problems()) ==
        "error: `tokens max_increase` cannot be followed case by case: its metric has no range\n"
        "error: `score max_drop` cannot be followed case by case: its margin is not between 0 and "
        "the range of the metric\n");
}
