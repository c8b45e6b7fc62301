#include "ci/stats/latency_rounds.h"

#include <doctest/doctest.h>

#include <cmath>

#include "datasets/random.h"

using namespace llmops;
using namespace llmops::stats;

namespace {

double latency(Random& random, double scale) {
  return scale * (100.0 - 40.0 * std::log(1.0 - random.uniform()));
}

// Rounds of 20 cases; `drift` moves both sides of later rounds alike.
std::vector<LatencyRound> rounds(std::size_t count, double slower, double drift,
                                 std::uint64_t seed) {
  Random random(seed);
  std::vector<LatencyRound> all(count);
  for (std::size_t r = 0; r < count; ++r)
    for (int i = 0; i < 20; ++i) {
      const double speed = 1.0 + drift * static_cast<double>(r);
      all[r].baseline.push_back(latency(random, speed));
      all[r].candidate.push_back(latency(random, speed * slower));
    }
  return all;
}

const BootstrapOptions kQuick{.stream = 1, .resamples = 1999};

}  // namespace

TEST_CASE("latency rounds: the ratio is that of the quantiles of all rounds") {
  const std::vector<LatencyRound> two{
      {std::vector<double>(20, 100.0), std::vector<double>(20, 150.0)},
      {std::vector<double>(20, 100.0), std::vector<double>(20, 150.0)}
  };
  const auto b = interleaved_latency(two, 0.5, 0.95, kQuick);
  REQUIRE(b);
  CHECK(b->ratio == doctest::Approx(1.5).epsilon(1e-14));
  CHECK(b->lower == doctest::Approx(1.5).epsilon(1e-14));
  CHECK(b->n_baseline == 40);
}

TEST_CASE("latency rounds: a slower candidate is seen, also while the machine drifts") {
  for (const double drift : {0.0, 0.02}) {
    CAPTURE(drift);
    const auto slow = interleaved_latency(rounds(30, 1.3, drift, 5), 0.5, 0.95, kQuick);
    const auto same = interleaved_latency(rounds(30, 1.0, drift, 2), 0.5, 0.95, kQuick);
    CHECK(decide_latency(*slow, 0.1, LatencyDesign::comparable).verdict == Verdict::regression);
    CHECK(decide_latency(*same, 0.1, LatencyDesign::comparable).verdict == Verdict::pass);
    CHECK(slow->lower < 1.3);
    CHECK(slow->upper > 1.3);
  }
}

TEST_CASE("latency rounds: rounds that hang together are resampled in blocks") {
  std::vector<LatencyRound> waves = rounds(40, 1.0, 0.0, 3);
  for (std::size_t r = 0; r < waves.size(); ++r)
    for (double& x : waves[r].candidate) x *= 1.0 + 0.3 * std::sin(static_cast<double>(r) / 4.0);
  const auto b = interleaved_latency(waves, 0.5, 0.95, kQuick);
  CHECK(b->blocks);
  CHECK(*b->autocorrelation > 0.2);
  CHECK_FALSE(interleaved_latency(rounds(40, 1.0, 0.0, 6), 0.5, 0.95, kQuick)->blocks);
}

TEST_CASE("latency rounds: against a stored baseline only what lies beyond the margin counts") {
  Random random(8);
  std::vector<double> before(300), now(300);
  for (double& x : before) x = latency(random, 1.0);
  for (double& x : now) x = latency(random, 1.12);
  const auto b = stored_latency(before, now, 0.5, 0.95, kQuick);
  REQUIRE(b);
  CHECK(b->lower > 1.0);
  CHECK(decide_latency(*b, 0.1, LatencyDesign::stored).verdict == Verdict::inconclusive);
  CHECK(decide_latency(*b, 0.1, LatencyDesign::comparable).verdict == Verdict::regression);

  const std::vector<double> runs{4.6, 4.65, 4.58, 4.63, 4.55};
  const auto wide = with_run_variance(*b, runs);
  CHECK(wide->upper > b->upper);
  CHECK(wide->ratio == b->ratio);
  CHECK(with_run_variance(*b, std::span(runs).first(4)).refusal().code == "too_few_runs");
}

TEST_CASE("latency rounds: too little to say, or wrong input") {
  CHECK(least_latencies(0.95) == 100);
  CHECK(least_latencies(0.99) == 300);
  CHECK(interleaved_latency(rounds(4, 1.0, 0.0, 1), 0.95).refusal().code == "too_few_observations");
  CHECK(interleaved_latency(rounds(1, 1.0, 0.0, 1), 0.5).refusal().code == "fewer_than_two_rounds");
  auto broken = rounds(4, 1.0, 0.0, 1);
  broken[2].candidate[0] = 0.0;
  CHECK(interleaved_latency(broken, 0.5).refusal().code == "value_not_positive");
  CHECK(interleaved_latency(broken, 0.5).refusal().index == 2);
  CHECK(interleaved_latency({}, 0.5).refusal().code == "no_cases");
}
