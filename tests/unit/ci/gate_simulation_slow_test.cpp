// The long form of gate_simulation_test.cpp: 2,000 runs a cell. Prints the table of ci/README.md.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "ci/stats/power.h"
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
  for (const Kind kind :
       {Kind::binary, Kind::bounded, Kind::positive, Kind::repeats, Kind::clusters})
    for (const int cases : {30, 100, 500}) {
      CAPTURE(name(kind));
      CAPTURE(cases);
      Simulation simulation{.kind = kind, .cases = cases, .runs = kRuns};
      const double at_margin = kind == Kind::positive ? std::log1p(0.05) : 0.05;
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
  for (const int cases : {30, 100, 500}) {
    CAPTURE(cases);
    const Shares shares =
        simulate({.kind = Kind::bounded, .cases = cases, .metrics = 10, .runs = kRuns});
    CHECK(shares.failed <= 0.05 + monte_carlo_error(0.05, kRuns));
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

TEST_CASE("simulated gate: continuous peeking") {
  for (const Kind kind : {Kind::binary, Kind::bounded, Kind::repeats}) {
    CAPTURE(name(kind));
    Simulation simulation{.kind = kind, .cases = 1000, .runs = kRuns};
    CHECK(simulate_sequential(simulation).failed <= 0.01 + monte_carlo_error(0.01, kRuns));
    simulation.loss = 0.05;
    CHECK(simulate_sequential(simulation).passed <= 0.01 + monte_carlo_error(0.01, kRuns));
  }
}
