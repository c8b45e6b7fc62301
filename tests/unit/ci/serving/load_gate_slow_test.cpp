// How often a comparison of two servers in turns is wrong on a noisy machine. The figures stand in
// ci/serving/README.md.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ci/serving/load_gate.h"
#include "ci/serving/load_run.h"
#include "datasets/text/yaml.h"
#include "tests/support/noisy_rounds.h"

using namespace llmops;
using test::noisy_rounds;

namespace {

GateSpec gate_of(const std::string& rule) {
  const Source source("rules", "rules:\n  - " + rule + "\n");
  Diagnostics problems;
  GateSpec gate = read_gate(*parse_yaml(source), source, ".", load_measure_names(), problems);
  REQUIRE_MESSAGE(problems.empty(), render(problems));
  return gate;
}

struct Rates {
  double pass = 0, fail = 0;
};

Rates rates(const std::string& rule, int rounds, double slower, int trials) {
  const GateSpec gate = gate_of(rule);
  Rates found;
  for (int trial = 0; trial < trials; ++trial) {
    const test::NoisyRounds made =
        noisy_rounds({}, rounds, 40, slower, static_cast<std::uint64_t>(trial) + 1);
    const auto candidate = load_run({.id = "c"}, {&made.candidate.front()}, {});
    const LoadFigures figures = load_figures(made.candidate.front(), {});
    const Outcome outcome = gate_load({.gate = &gate,
                                       .candidate = candidate.get(),
                                       .figures = &figures,
                                       .loads = &made.candidate,
                                       .against = &made.baseline})
                                .verdict->outcome;
    found.pass += outcome == Outcome::pass ? 1.0 / trials : 0;
    found.fail += outcome == Outcome::fail ? 1.0 / trials : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("load gate: error rates on a noisy machine") {
  constexpr int kTrials = 200;
  struct Row {
    const char* rule;
    int enough;  // rounds from which on four of five regressions are found; 0: not in 20
  };
  // A twentieth of the requests takes four times as long: p95 lies at the foot of that tail.
  const Row rows[] = {
      {"{metric: tpot_p50, max_increase: 5%}",    5 },
      {"{metric: tpot_mean, max_increase: 5%}",   10},
      {"{metric: latency_p95, max_increase: 5%}", 0 }
  };
  for (const Row& row : rows)
    for (const int rounds : {3, 5, 10, 20}) {
      const Rates same = rates(row.rule, rounds, 1, kTrials),
                  slower = rates(row.rule, rounds, 1.1, kTrials);
      MESSAGE(
          fmt::format("{} {} rounds: A/A fails {:.1f} %, passes {:.1f} %; 10 % slower fails "
                      "{:.1f} %, passes {:.1f} %",
                      row.rule, rounds, 100 * same.fail, 100 * same.pass, 100 * slower.fail,
                      100 * slower.pass));
      // alpha 5 % and three standard errors of 200 trials.
      CHECK(same.fail <= 0.05 + 3 * 0.0154);
      CHECK(slower.pass <= 0.05 + 3 * 0.0154);
      if (row.enough > 0 && rounds >= row.enough) CHECK(slower.fail >= 0.8);
    }
}
