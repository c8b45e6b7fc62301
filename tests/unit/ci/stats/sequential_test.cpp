#include "ci/stats/sequential.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "datasets/random.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {

Operations sequential_operations() {
  return {
      {"sequential.gate",
       [](const Value& in) {
         return shown(sequential_gate(numbers(in, "d"), number(in, "margin"), number(in, "range"),
                                      number(in, "alpha")),
                      [](const SequentialRun& r) {
                        return Object{{"stop", r.stop ? Value(*r.stop) : Value()},
                                      {"verdict", name(r.verdict)},
                                      {"log_e_pass", r.log_e_pass},
                                      {"log_e_regression", r.log_e_regression},
                                      {"path_pass", list_of(r.path_pass)},
                                      {"path_regression", list_of(r.path_regression)}};
                      });
       }},
      {"sequential.eb_cs",
       [](const Value& in) {
         return shown(empirical_bernstein(numbers(in, "x"), number(in, "alpha")),
                      [](const ConfidenceSequence& s) {
                        return Object{{"lower", list_of(s.lower)}, {"upper", list_of(s.upper)}};
                      });
       }},
      {"sequential.hedged_log_wealth",
       [](const Value& in) {
         return shown(hedged_log_wealth(numbers(in, "x"), number(in, "m"), number(in, "alpha")),
                      list_of);
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("sequential: reference vectors") { check_vectors("sequential", sequential_operations()); }

TEST_CASE("sequential: the first bet by hand") {
  // V = 0.5/2 and mu = 0: both bets are M/(V + M^2) for the null mean -M.
  const auto r = sequential_gate(std::array{1.0}, 0.1, 1.0);
  const double wealth = std::log1p(0.1 / 0.26 * 1.1);
  CHECK(r->path_pass[0] == doctest::Approx(wealth).epsilon(1e-14));
  // Against a regression: fixed bet as above on -1, no adaptive bet at mean 0.
  const double other = std::log((1.0 - 0.1 / 0.26 + 1.0) / 2.0);
  CHECK(r->path_regression[0] == doctest::Approx(other).epsilon(1e-14));
  CHECK_FALSE(r->stop);
}

TEST_CASE("sequential: a clear loss stops, and mirrored data stop the other way") {
  std::vector<double> loss(200, -0.4), gain(200, 0.4);
  const auto down = sequential_gate(loss, 0.05, 1.0), up = sequential_gate(gain, 0.05, 1.0);
  CHECK(down->verdict == EarlyVerdict::regression);
  CHECK(up->verdict == EarlyVerdict::pass);
  CHECK(*down->stop < 40);
  CHECK(sequential_gate(loss, 0.0, 1.0).refusal().code == "sequential_needs_margin");
  CHECK(sequential_gate(std::array{0.1, -1.2}, 0.05, 1.0).refusal().index == 1);
}

TEST_CASE("sequential: case by case as all at once") {
  const std::array d{0.2, -0.1, 0.0, 1.0, -1.0, 0.3};
  SequentialGate gate(0.05, 1.0);
  for (const double x : d) gate.add(x);
  CHECK(gate.log_e_pass() == sequential_gate(d, 0.05, 1.0)->path_pass.back());
  CHECK(gate.cases() == 6);
}

TEST_CASE("sequential: with several metrics one loss is enough, a pass needs all") {
  std::vector<SequentialGate> metrics(2, SequentialGate(0.05, 1.0));
  CHECK(early_verdict(metrics) == EarlyVerdict::inconclusive);
  for (int i = 0; i < 100; ++i) metrics[0].add(0.4);
  CHECK(early_verdict(metrics) == EarlyVerdict::inconclusive);
  CHECK(early_verdict(std::span(metrics).first(1)) == EarlyVerdict::pass);
  for (int i = 0; i < 100; ++i) metrics[1].add(-0.4);
  CHECK(early_verdict(metrics) == EarlyVerdict::regression);
  CHECK(early_verdict({}) == EarlyVerdict::inconclusive);
}

TEST_CASE("sequential: unchanged candidates are seldom called a regression") {
  int stopped = 0;
  for (std::uint64_t run = 0; run < 400; ++run) {
    Random random(11, run);
    std::vector<double> d(400);
    for (double& x : d) x = random.uniform() < 0.2 ? (random.uniform() < 0.5 ? -1.0 : 1.0) : 0.0;
    stopped += sequential_gate(d, 0.05, 1.0, 0.05)->verdict == EarlyVerdict::regression;
  }
  CHECK(stopped <= 28);  // 0.05 * 400 and two standard errors
}
