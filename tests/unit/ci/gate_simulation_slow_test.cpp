// The long form of gate_simulation_test.cpp: 2,000 runs a cell. Prints the tables of
// ci/stats/README.md.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "ci/plan.h"
#include "ci/stats/power.h"
#include "tests/support/built_run.h"
#include "tests/support/simulated_gate.h"

using namespace llmops;
using namespace llmops::test;
using Kind = Simulation::Kind;

namespace {

constexpr int kRuns = 2000;

}  // namespace

TEST_CASE("simulated gate: error rates at 30, 100 and 500 cases") {
  fmt::print(
      "| kind | cases | unchanged fails | loss of the margin passes | unchanged passes | twice the "
      "margin fails |\n");
  for (const Kind kind : {Kind::binary, Kind::bounded, Kind::ordinal, Kind::positive, Kind::repeats,
                          Kind::clusters, Kind::unpaired, Kind::latency})
    for (const int cases : {30, 100, 500}) {
      // A p95 takes 100 cases, and each pair of runs 9,999 resamples of them.
      if (kind == Kind::latency && cases != 100) continue;
      CAPTURE(name(kind));
      CAPTURE(cases);
      Simulation simulation{.kind = kind, .cases = cases, .runs = kRuns};
      const bool ratio = kind == Kind::positive || kind == Kind::latency;
      const double at_margin = ratio ? std::log1p(0.05) : 0.05;
      const Shares unchanged = simulate(simulation);
      simulation.loss = at_margin;
      const Shares lost = simulate(simulation);
      simulation.loss = 2 * at_margin;
      const Shares worse = simulate(simulation);
      CHECK(unchanged.failed <= 0.05 + monte_carlo_error(0.05, kRuns));
      CHECK(lost.passed <= 0.05 + monte_carlo_error(0.05, kRuns));
      fmt::print("| {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", name(kind), cases,
                 unchanged.failed, lost.passed, unchanged.passed, worse.failed);
    }
}

TEST_CASE("simulated gate: the family of ten metrics, at every number of cases") {
  fmt::print("\n| kind | cases | ten unchanged metrics: the gate fails |\n");
  for (const int cases : {30, 100, 500}) {
    CAPTURE(cases);
    const Shares shares =
        simulate({.kind = Kind::bounded, .cases = cases, .metrics = 10, .runs = kRuns});
    CHECK(shares.failed <= 0.05 + monte_carlo_error(0.05, kRuns));
    fmt::print("| bounded | {} | {:.3f} |\n", cases, shares.failed);
  }
}

TEST_CASE("simulated gate: planned cases pass and fail as promised") {
  for (const double margin : {0.05, 0.1, 0.15}) {
    CAPTURE(margin);
    const auto to_pass = stats::cases_to_pass(std::sqrt(0.2), 1.0, margin, 0.8, 0.05);
    REQUIRE(to_pass);
    const Shares unchanged = simulate({.kind = Kind::binary,
                                       .cases = static_cast<int>(*to_pass),
                                       .margin = margin,
                                       .runs = kRuns});
    const double approximation = *to_pass < 100 ? 0.05 : 0.0;  // the plan's normal approximation
    CHECK(unchanged.passed >= 0.8 - approximation - monte_carlo_error(0.8, kRuns));
    const auto to_fail = stats::cases_mcnemar(0.2, margin, 0.8, 0.05, stats::Sides::one);
    REQUIRE(to_fail);
    const Shares lost = simulate({.kind = Kind::binary,
                                  .cases = static_cast<int>(to_fail->n),
                                  .loss = margin,
                                  .margin = margin / 5,
                                  .runs = kRuns});
    CHECK(lost.failed >= 0.8 - 0.02 - monte_carlo_error(0.8, kRuns));
  }
}

TEST_CASE("simulated gate: planned drops are found at the power that the plan promised") {
  fmt::print("\n| margin | cases | planned drop (power 0.8) | found |\n");
  for (const double margin : {0.02, 0.05, 0.1})
    for (const int cases : {100, 200, 500, 1000}) {
      CAPTURE(margin);
      CAPTURE(cases);
      GateSpec gate;
      gate.rules.push_back({.text = "m max_drop",
                            .metric = "m",
                            .statistic = "mean",
                            .kind = RuleKind::max_drop,
                            .amount = margin});
      const auto plans = plan_gate(gate, {binary_measure("m")}, {.cases = cases, .power = 0.8});
      REQUIRE(plans[0].mde);
      if (*plans[0].mde < margin) continue;  // a loss that the owner accepts may pass
      const Shares lost = simulate({.kind = Kind::binary,
                                    .cases = cases,
                                    .loss = *plans[0].mde,
                                    .margin = margin,
                                    .runs = kRuns});
      fmt::print("| {} | {} | {:.3f} | {:.3f} |\n", margin, cases, *plans[0].mde, lost.failed);
      CHECK(lost.failed >= 0.8 - monte_carlo_error(0.8, kRuns));
    }
}

TEST_CASE("simulated gate: continuous peeking") {
  fmt::print(
      "\n| kind | unchanged fails early | and to the end | loss of the margin passes early | and "
      "to "
      "the end |\n");
  for (const Kind kind : {Kind::binary, Kind::bounded, Kind::repeats}) {
    CAPTURE(name(kind));
    Simulation simulation{.kind = kind, .cases = 1000, .runs = kRuns};
    const double failed = simulate_sequential(simulation).failed;
    const double failed_at_end = simulate_sequential_to_end(simulation).failed;
    simulation.loss = 0.05;
    const double passed = simulate_sequential(simulation).passed;
    const double passed_at_end = simulate_sequential_to_end(simulation).passed;
    CHECK(failed <= 0.01 + monte_carlo_error(0.01, kRuns));
    CHECK(failed_at_end <= 0.05 + monte_carlo_error(0.05, kRuns));
    CHECK(passed <= 0.01 + monte_carlo_error(0.01, kRuns));
    CHECK(passed_at_end <= 0.05 + monte_carlo_error(0.05, kRuns));
    fmt::print("| {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", name(kind), failed, failed_at_end,
               passed, passed_at_end);
  }
}
