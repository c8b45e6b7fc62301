// Error rates and power of the gate itself, in a few seconds; the long form is
// gate_simulation_slow_test.cpp.

#include <doctest/doctest.h>

#include <cmath>

#include "ci/plan.h"
#include "ci/stats/power.h"
#include "tests/support/built_run.h"
#include "tests/support/simulated_gate.h"

using namespace llmops;
using namespace llmops::test;
using Kind = Simulation::Kind;

TEST_CASE(
    "simulated gate: an unchanged candidate rarely fails, a loss of the margin rarely passes") {
  for (const Kind kind : {Kind::binary, Kind::bounded, Kind::ordinal, Kind::positive, Kind::repeats,
                          Kind::clusters, Kind::unpaired}) {
    CAPTURE(name(kind));
    Simulation simulation{.kind = kind, .cases = 60, .runs = 400};
    const Shares unchanged = simulate(simulation);
    CHECK(unchanged.failed <= 0.05 + monte_carlo_error(0.05, simulation.runs));
    simulation.loss = kind == Kind::positive ? std::log1p(0.05) : 0.05;
    simulation.seed = 2;
    CHECK(simulate(simulation).passed <= 0.05 + monte_carlo_error(0.05, simulation.runs));
  }
}

TEST_CASE("simulated gate: ten metrics fail together no more often than one") {
  const Simulation simulation{.kind = Kind::binary, .cases = 50, .metrics = 10, .runs = 300};
  CHECK(simulate(simulation).failed <= 0.05 + monte_carlo_error(0.05, simulation.runs));
}

TEST_CASE(
    "simulated gate: the cases that a plan asks for pass an unchanged candidate as promised") {
  const auto cases = stats::cases_to_pass(std::sqrt(0.2), 1.0, 0.1, 0.8, 0.05);
  REQUIRE(cases);
  const Simulation simulation{
      .kind = Kind::binary, .cases = static_cast<int>(*cases), .margin = 0.1, .runs = 400};
  CHECK(simulate(simulation).passed >= 0.8 - monte_carlo_error(0.8, simulation.runs));
}

TEST_CASE("simulated gate: peeking after every case keeps the error rate of an early end") {
  Simulation simulation{.kind = Kind::binary, .cases = 200, .runs = 400};
  CHECK(simulate_sequential(simulation).failed <= 0.01 + monte_carlo_error(0.01, simulation.runs));
  CHECK(simulate_sequential_to_end(simulation).failed <=
        0.05 + monte_carlo_error(0.05, simulation.runs));
  simulation.loss = 0.05;
  CHECK(simulate_sequential(simulation).passed <= 0.01 + monte_carlo_error(0.01, simulation.runs));
  CHECK(simulate_sequential_to_end(simulation).passed <=
        0.05 + monte_carlo_error(0.05, simulation.runs));
}

TEST_CASE("simulated gate: a planned drop is found at the power that the plan promised") {
  GateSpec gate;
  gate.rules.push_back({.text = "m max_drop",
                        .metric = "m",
                        .statistic = "mean",
                        .kind = RuleKind::max_drop,
                        .amount = 0.05});
  const auto plans = plan_gate(gate, {binary_measure("m")}, {.cases = 200, .power = 0.8});
  REQUIRE(plans.size() == 1);
  REQUIRE(plans[0].mde);
  const Shares lost =
      simulate({.kind = Kind::binary, .cases = 200, .loss = *plans[0].mde, .runs = 400});
  CHECK(lost.failed >= 0.8 - monte_carlo_error(0.8, 400));
}
