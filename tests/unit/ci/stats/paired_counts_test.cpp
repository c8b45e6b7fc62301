#include "ci/stats/paired_counts.h"

#include <doctest/doctest.h>

#include <vector>

#include "datasets/random.h"

using namespace llmops;
using namespace llmops::stats;

namespace {

// Errors and lengths of each row, as of a word error rate.
struct Table {
  std::vector<double> numbers;
  CountRows rows() const { return {numbers, 2}; }
};

double rate(std::span<const double> sums) { return sums[1] > 0 ? sums[0] / sums[1] : 0.0; }

Table table(std::uint64_t seed, std::size_t rows, std::uint64_t errors) {
  Random random(seed);
  Table made;
  for (std::size_t i = 0; i < rows; ++i) {
    const double length = 5.0 + static_cast<double>(i % 7);
    made.numbers.push_back(static_cast<double>(random.below(errors + 1)));
    made.numbers.push_back(length);
  }
  return made;
}

}  // namespace

TEST_CASE("paired counts: equal systems are not told apart") {
  const Table one = table(1, 100, 3);
  const auto found = paired_counts(one.rows(), one.rows(), rate, {.resamples = 199});
  REQUIRE(found);
  CHECK(found->difference == 0.0);
  CHECK(found->p_two_sided == 1.0);  // every trial counts as extreme
  CHECK(found->interval.lower == 0.0);
  CHECK(found->interval.upper == 0.0);
}

TEST_CASE("paired counts: a clear difference is found, and its sign follows the order") {
  const Table good = table(2, 200, 2), bad = table(3, 200, 5);
  const auto up = paired_counts(good.rows(), bad.rows(), rate, {.resamples = 999});
  const auto down = paired_counts(bad.rows(), good.rows(), rate, {.resamples = 999});
  REQUIRE(up);
  REQUIRE(down);
  CHECK(up->p_two_sided == 0.001);  // the smallest that 999 trials can say
  CHECK(up->difference == -down->difference);
  CHECK(up->p_two_sided == down->p_two_sided);
  CHECK(up->interval.lower > 0.0);
  CHECK(up->interval.lower < up->difference);
  CHECK(up->interval.upper > up->difference);
  CHECK(up->interval.lower == doctest::Approx(-down->interval.upper).epsilon(1e-12));
}

TEST_CASE("paired counts: few rows give the p-value of all their swaps") {
  // Three rows, all better: of the eight ways to swap two are as extreme.
  const std::vector<double> a = {2, 10, 2, 10, 2, 10}, b = {1, 10, 1, 10, 1, 10};
  const auto found = paired_counts({a, 2}, {b, 2}, rate, {.resamples = 20'000});
  REQUIRE(found);
  CHECK(found->p_two_sided == doctest::Approx(0.25).epsilon(0.05));
}

TEST_CASE("paired counts: keeps its level where nothing differs") {
  // Both systems draw their errors alike; p <= 0.1 in about a tenth of the sets.
  int found_significant = 0;
  constexpr int kSets = 300;
  for (int set = 0; set < kSets; ++set) {
    const auto seed = static_cast<std::uint64_t>(set);
    const Table a = table(1000 + seed, 40, 3), b = table(5000 + seed, 40, 3);
    const auto found = paired_counts(a.rows(), b.rows(), rate, {.resamples = 99});
    REQUIRE(found);
    found_significant += found->p_two_sided <= 0.1 ? 1 : 0;
  }
  CHECK(found_significant > 12);  // 30 expected, 5 standard errors of 5.2 either way
  CHECK(found_significant < 57);
}

TEST_CASE("paired counts: what cannot be tested") {
  const std::vector<double> two = {1, 2}, four = {1, 2, 3, 4};
  CHECK(paired_counts({{}, 2}, {{}, 2}, rate).refusal().code == "no_cases");
  CHECK(paired_counts({two, 2}, {four, 2}, rate).refusal().code == "length_mismatch");
  CHECK(paired_counts({two, 2}, {two, 2}, rate, {.level = 1.0}).refusal().code == "bad_level");
  CHECK(paired_counts({two, 2}, {two, 2}, rate, {.resamples = 0}).refusal().code ==
        "bad_resamples");
}
