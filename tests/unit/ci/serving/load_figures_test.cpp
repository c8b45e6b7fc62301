#include "ci/serving/joined_load.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ci/serving/load_gate.h"
#include "ci/serving/load_run.h"
#include "datasets/random.h"
#include "datasets/text/yaml.h"
#include "evaluators/load/arrivals.h"

using namespace llmops;

namespace {

// n requests, ten a second, of 10 tokens each.
LoadResult load(int n, double ttft, double tpot, std::uint64_t seed = 1, double drift = 0,
                int output = 10) {
  LoadResult result;
  Random random(seed);
  const double shift = drift * standard_normal(random);
  result.seconds.resize(static_cast<std::size_t>(n / 10 + 3));
  for (int i = 0; i < n; ++i) {
    LoadRecord record{
        .conversation = static_cast<std::uint64_t>(i), .scheduled_s = i / 10.0, .sent_s = i / 10.0};
    const double noise = std::exp(0.1 * standard_normal(random) + shift);
    record.ttft_ms = static_cast<float>(ttft * noise);
    record.service_ttft_ms = record.ttft_ms;
    record.tpot_ms = static_cast<float>(tpot * noise);
    record.itl_ms = record.tpot_ms;
    record.latency_ms = record.ttft_ms + static_cast<float>(output - 1) * record.tpot_ms;
    record.end_s = record.sent_s + double{record.latency_ms} / 1e3;
    record.input = 20 + i % 7;
    record.output = output;
    record.cached = i % 2 == 0 ? 20 : 0;
    result.records.push_back(record);
    result.seconds[static_cast<std::size_t>(record.end_s)].output_tokens += output;
  }
  result.window_to_s = (n - 1) / 10.0;
  result.wall_s = result.window_to_s + 1;
  return result;
}

GateSpec gate_of(const std::string& rules) {
  const Source source("rules", "rules:\n" + rules);
  Diagnostics problems;
  GateSpec gate = read_gate(*parse_yaml(source), source, ".", load_measure_names(), problems);
  REQUIRE_MESSAGE(problems.empty(), render(problems));
  return gate;
}

}  // namespace

TEST_CASE("load figures: throughput, goodput and failures over the steady window") {
  LoadResult result = load(200, 50, 5);
  result.records[7].error = ErrorClass::server_error;
  result.records[0].warm_up = true;
  const LoadFigures figures = load_figures(result, {
                                                       {"ttft", 1000},
                                                       {"tpot", 5   }
  });
  CHECK(figures.requests == 199);
  CHECK(figures.failed == 1);
  CHECK(figures.errors.at("server_error") == 1);
  CHECK(figures.warm_up == 1);
  CHECK_FALSE(figures.whole_run);
  CHECK(figures.steady.requests_per_s == doctest::Approx(10).epsilon(0.02));
  CHECK(figures.steady.output_tokens_per_s == doctest::Approx(100).epsilon(0.05));
  CHECK(*figures.goodput > 0.35);
  CHECK(*figures.goodput < 0.65);
  CHECK(*figures.goodput_low < *figures.goodput);
  CHECK(*figures.output_tokens == 10);
  CHECK(*figures.cache_hit_rate == doctest::Approx(20.0 * 99.5 / (23 * 199)).epsilon(0.03));
  const TimeFigure* ttft = figures.find("ttft");
  REQUIRE(ttft);
  CHECK(*ttft->mean == doctest::Approx(50).epsilon(0.03));
  CHECK(*ttft->mean_low < *ttft->mean);
  CHECK(*ttft->mean_high > *ttft->mean);
  for (const QuantileFigure& quantile : ttft->quantiles)
    if (quantile.low && quantile.high) {
      CHECK(*quantile.low <= *quantile.value);
      CHECK(*quantile.high >= *quantile.value);
    }
  CHECK_FALSE(ttft->quantiles.back().high);  // p99.9 of 199 has no upper bound
}

TEST_CASE("load figures: repeats count by their windows, not by what lies between them") {
  // Ten a second of half a second each: five in flight. The second load warms up for ten seconds.
  LoadResult first = load(200, 50, 50);
  LoadResult second = load(300, 50, 50);
  for (int i = 0; i < 100; ++i) second.records[static_cast<std::size_t>(i)].warm_up = true;
  second.window_from_s = 10;
  const std::vector<Objective> objectives = {
      {"ttft", 1000}
  };
  const LoadFigures one = load_figures(first, objectives),
                    all = figures_of({first, second}, objectives);
  CHECK(all.requests == 400);
  CHECK(all.warm_up == 100);
  CHECK(all.steady.seconds == doctest::Approx(19.9 + 19.9));
  CHECK(all.steady.requests_per_s == doctest::Approx(10).epsilon(0.05));
  CHECK(all.steady.output_tokens_per_s ==
        doctest::Approx(one.steady.output_tokens_per_s).epsilon(0.1));
  CHECK(all.in_flight == doctest::Approx(5).epsilon(0.1));
  CHECK(one.in_flight < 5.5);  // what ends behind the window is not in flight within it
  CHECK(*one.good_per_s <= one.steady.requests_per_s);
  CHECK(*all.good_per_s == doctest::Approx(all.steady.requests_per_s));
  CHECK(all.block_requests_per_s.size() == 20);
}

TEST_CASE("load figures: nothing measured is absent, not zero") {
  const LoadFigures figures = load_figures(
      {
  },
      {{"ttft", 10}});
  CHECK(figures.whole_run);
  CHECK(figures.requests == 0);
  CHECK_FALSE(figures.goodput);
  CHECK_FALSE(figures.find("ttft")->mean);
  CHECK_FALSE(figures.input_tokens);
}

TEST_CASE("load gate: a slower decode fails and is named as the cause, the parts add up") {
  const LoadResult before = load(400, 50, 5), after = load(400, 50, 7, 2);
  const GateSpec gate = gate_of("  - {metric: tpot_p50, max_increase: 20%}\n");
  const auto baseline = load_run({.id = "a"}, {&before}, {});
  const auto candidate = load_run({.id = "b"}, {&after}, {});
  const LoadFigures figures = load_figures(after, {});
  const LoadGate decided = gate_load({.gate = &gate,
                                      .candidate = candidate.get(),
                                      .baseline = baseline.get(),
                                      .figures = &figures});
  REQUIRE(decided.verdict);
  CHECK(decided.verdict->outcome == Outcome::fail);
  REQUIRE(decided.cause);
  REQUIRE_FALSE(decided.cause->splits.empty());
  const LatencySplit& split = decided.cause->splits.front();
  double sum = 0, decode = 0;
  for (const LatencyPart& part : split.parts) {
    sum += part.ms;
    if (part.name == "decode per token") decode = part.ms;
  }
  CHECK(sum == doctest::Approx(split.change_ms).epsilon(1e-6));
  CHECK(decode == doctest::Approx(split.change_ms).epsilon(0.1));
}

TEST_CASE("load gate: more tokens only are more tokens") {
  const LoadResult before = load(400, 50, 5), after = load(400, 50, 5, 1, 0, 15);
  const auto baseline = load_run({.id = "a"}, {&before}, {});
  const auto candidate = load_run({.id = "b"}, {&after}, {});
  const LoadFigures figures = load_figures(after, {});
  const LoadGate decided =
      gate_load({.candidate = candidate.get(), .baseline = baseline.get(), .figures = &figures});
  CHECK_FALSE(decided.verdict);
  REQUIRE(decided.cause);
  const LatencySplit& split = decided.cause->splits.front();
  for (const LatencyPart& part : split.parts)
    if (part.name == "output tokens")
      CHECK(part.ms == doctest::Approx(split.change_ms).epsilon(0.02));
}

// MLPerf LoadGen's early stopping: 459 requests without a breach, or 662 with one, are the least
// that show a p99 with 99 % confidence.
TEST_CASE("load gate: a percentile against a limit is decided by the exact binomial rule") {
  const auto outcome = [](int requests, int over) {
    LoadResult result = load(requests, 50, 5);
    for (int i = 0; i < requests; ++i)
      result.records[static_cast<std::size_t>(i)].ttft_ms = i < over ? 3000.0F : 100.0F;
    GateSpec gate = gate_of("  - {metric: ttft_p99, max: 2000}\n");
    gate.alpha = 0.01;
    const auto candidate = load_run({.id = "b"}, {&result}, {});
    const LoadFigures figures = load_figures(result, {});
    return gate_load({.gate = &gate, .candidate = candidate.get(), .figures = &figures})
        .verdict->outcome;
  };
  CHECK(outcome(459, 0) == Outcome::pass);
  CHECK(outcome(458, 0) == Outcome::inconclusive);
  CHECK(outcome(662, 1) == Outcome::pass);
  CHECK(outcome(661, 1) == Outcome::inconclusive);
  CHECK(outcome(662, 2) == Outcome::inconclusive);
  CHECK(outcome(662, 60) == Outcome::fail);
}

TEST_CASE("load gate: repeats on both sides make loads the unit") {
  const GateSpec gate = gate_of("  - {metric: tpot_p50, max_increase: 10%}\n");
  const auto repeats = [](double tpot, std::uint64_t seed) {
    std::vector<LoadResult> loads;
    for (std::uint64_t i = 0; i < 6; ++i) loads.push_back(load(60, 50, tpot, seed + i, 0.02));
    return loads;
  };
  const auto decide = [&](const std::vector<LoadResult>& before,
                          const std::vector<LoadResult>& after) {
    const auto pointers = [](const std::vector<LoadResult>& loads) {
      std::vector<const LoadResult*> out;
      for (const LoadResult& each : loads) out.push_back(&each);
      return out;
    };
    const auto baseline = load_run({.id = "a"}, pointers(before), {});
    const auto candidate = load_run({.id = "b"}, pointers(after), {});
    const LoadFigures figures = load_figures(after.front(), {});
    return gate_load({.gate = &gate,
                      .candidate = candidate.get(),
                      .baseline = baseline.get(),
                      .figures = &figures})
        .verdict->rules.front();
  };
  const RuleOutcome same = decide(repeats(5, 1), repeats(5, 100));
  CHECK(same.outcome == Outcome::pass);
  CHECK(same.why.find("over 6 and 6 loads") != std::string::npos);
  CHECK(decide(repeats(5, 1), repeats(7, 100)).outcome == Outcome::fail);
  std::vector<LoadResult> four = repeats(5, 1);
  four.resize(4);
  CHECK(decide(four, repeats(5, 100)).why.find("loads") == std::string::npos);
}

TEST_CASE("load gate: a prefix cache that helps unique prompts leaves times open") {
  LoadResult before = load(400, 50, 5), after = load(400, 80, 5, 2);
  for (LoadRecord& record : before.records) record.cached = 15;
  for (LoadRecord& record : after.records) record.cached = 0;
  const GateSpec gate = gate_of(
      "  - {metric: ttft_p50, max_increase: 10%}\n  - {metric: tpot_p50, max_increase: 10%}\n");
  const auto baseline = load_run({.id = "a"}, {&before}, {});
  const auto candidate = load_run({.id = "b"}, {&after}, {});
  const LoadFigures figures = load_figures(after, {});
  LoadGateInput input{
      .gate = &gate, .candidate = candidate.get(), .baseline = baseline.get(), .figures = &figures};
  CHECK(gate_load(input).verdict->rules[0].outcome == Outcome::fail);
  input.unique_prompts = true;
  const Verdict verdict = *gate_load(input).verdict;
  CHECK(verdict.rules[0].outcome == Outcome::inconclusive);
  CHECK(verdict.rules[0].why.find("the prefix cache served 0%") != std::string::npos);
  CHECK(verdict.rules[1].outcome != Outcome::inconclusive);  // tokens do not wait for the cache
}

TEST_CASE("load gate: throughput has a floor") {
  const LoadResult result = load(300, 50, 5);
  const LoadFigures figures = load_figures(result, {});
  const auto candidate = load_run({.id = "b"}, {&result}, {});
  const auto outcome = [&](const char* rule) {
    const GateSpec gate = gate_of(rule);
    return gate_load({.gate = &gate, .candidate = candidate.get(), .figures = &figures})
        .verdict->outcome;
  };
  CHECK(outcome("  - {metric: output_throughput, min: 50}\n") == Outcome::pass);
  CHECK(outcome("  - {metric: output_throughput, min: 200}\n") == Outcome::fail);
  CHECK(outcome("  - {metric: request_throughput, min: 9}\n") == Outcome::pass);
}

TEST_CASE("load gate: a rule that turns on less than the client's own error is left open") {
  const LoadResult before = load(400, 50, 5), after = load(400, 80, 5, 2);
  const GateSpec gate = gate_of("  - {metric: ttft_p50, max_increase: 10%}\n");
  const auto baseline = load_run({.id = "a"}, {&before}, {});
  const auto candidate = load_run({.id = "b"}, {&after}, {});
  const LoadFigures figures = load_figures(after, {});
  LoadGateInput input{
      .gate = &gate, .candidate = candidate.get(), .baseline = baseline.get(), .figures = &figures};
  CHECK(gate_load(input).verdict->outcome == Outcome::fail);
  input.client_error_ms = 3;
  CHECK(gate_load(input).verdict->outcome == Outcome::inconclusive);
}

// The short form of load_gate_slow_test.cpp.
TEST_CASE("load gate: 200 interleaved comparisons of a noisy server with itself") {
  // Blocks drift by 10 %; the two servers of a round share most of it only by chance.
  int failed = 0, passed = 0, found = 0;
  const GateSpec gate = gate_of("  - {metric: tpot_p50, max_increase: 10%}\n");
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    std::vector<LoadResult> a, b, slower;
    for (std::uint64_t block = 0; block < 16; ++block) {
      a.push_back(load(40, 50, 5, 1000 * trial + block, 0.02));
      b.push_back(load(40, 50, 5, 1000 * trial + 100 + block, 0.02));
      slower.push_back(load(40, 50, 6, 1000 * trial + 200 + block, 0.02));
    }
    const auto outcome = [&](const std::vector<LoadResult>& candidate_loads) {
      const auto candidate = load_run({.id = "c"}, {&candidate_loads.front()}, {});
      const LoadFigures figures = load_figures(candidate_loads.front(), {});
      return gate_load({.gate = &gate,
                        .candidate = candidate.get(),
                        .figures = &figures,
                        .loads = &candidate_loads,
                        .against = &a})
          .verdict->outcome;
    };
    const Outcome same = outcome(b);
    failed += same == Outcome::fail ? 1 : 0;
    passed += same == Outcome::pass ? 1 : 0;
    if (trial < 40) found += outcome(slower) == Outcome::fail ? 1 : 0;
  }
  CHECK(failed <= 17);  // 5 % of 200 and two standard errors of it
  CHECK(passed >= 150);
  CHECK(found >= 38);
}
