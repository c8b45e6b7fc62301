#include "ci/stats/theil_sen.h"

#include <doctest/doctest.h>

#include <vector>

#include "datasets/random.h"

using namespace llmops;

TEST_CASE("theil-sen: a line is found, outliers or not") {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6, 7, 8}, line = {3, 5, 7, 9, 11, 13, 15, 17};
  CHECK(stats::theil_sen(x, line)->slope == 2);
  std::vector<double> outlier = line;
  outlier[7] = 1000;
  CHECK(stats::theil_sen(x, outlier)->slope == doctest::Approx(2));
}

// By hand: the median of 15 slopes; Kendall's variance is 6 * 5 * 17/18, so the interval runs from
// the 2nd (floor of 2.28) to the 14th (ceiling of 13.72) of them.
TEST_CASE("theil-sen: slope and interval of six points") {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6}, y = {2.1, 3.9, 6.2, 7.8, 10.1, 12.2};
  const auto found = stats::theil_sen(x, y);
  REQUIRE(found);
  CHECK(found->slope == doctest::Approx(2.02));
  CHECK(found->interval.lower == doctest::Approx(1.8));
  CHECK(found->interval.upper == doctest::Approx(2.3));
}

TEST_CASE("theil-sen: the interval holds the slope as often as it says") {
  int held = 0;
  for (std::uint64_t trial = 0; trial < 400; ++trial) {
    Random random(trial);
    std::vector<double> x, y;
    for (int i = 0; i < 40; ++i) {
      x.push_back(100 * random.uniform());
      y.push_back(0.3 * x.back() + 10 * (random.uniform() + random.uniform() - 1));
    }
    const auto found = stats::theil_sen(x, y);
    held += found->interval.lower <= 0.3 && found->interval.upper >= 0.3 ? 1 : 0;
  }
  CHECK(held >= 366);  // 95 % of 400 and three standard errors
  CHECK(held <= 393);
}

TEST_CASE("theil-sen: what has no slope") {
  const std::vector<double> none, one = {1}, equal = {2, 2, 2}, y = {1, 2, 3};
  CHECK(stats::theil_sen(none, none).refusal().code == "no_cases");
  CHECK(stats::theil_sen(one, one).refusal().code == "constant_x");
  CHECK(stats::theil_sen(equal, y).refusal().code == "constant_x");
  CHECK(stats::theil_sen(one, y).refusal().code == "length_mismatch");
}
