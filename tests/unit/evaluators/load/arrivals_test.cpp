#include "evaluators/load/arrivals.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace llmops;

namespace {

std::vector<double> times(const ArrivalSpec& spec, int n, std::uint64_t seed = 1) {
  Arrivals arrivals(spec, seed);
  std::vector<double> found;
  for (int i = 0; i < n; ++i) found.push_back(*arrivals.next());
  return found;
}

// Mean and coefficient of variation of the gaps.
std::pair<double, double> gaps(const std::vector<double>& at) {
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < at.size(); ++i) {
    const double gap = at[i] - at[i - 1];
    sum += gap;
    squares += gap * gap;
  }
  const double n = static_cast<double>(at.size() - 1), mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean) / mean};
}

}  // namespace

TEST_CASE("arrivals: equal gaps") {
  CHECK(times({.rate = 4, .constant = true}, 4) == std::vector<double>{0, 0.25, 0.5, 0.75});
}

TEST_CASE("arrivals: gamma gaps have the asked mean and variation") {
  for (const double burstiness : {0.25, 1.0, 4.0}) {
    CAPTURE(burstiness);
    const auto [mean, variation] = gaps(times({.rate = 10, .burstiness = burstiness}, 40001));
    CHECK(mean == doctest::Approx(0.1).epsilon(0.04));
    CHECK(variation == doctest::Approx(1 / std::sqrt(burstiness)).epsilon(0.04));
  }
}

TEST_CASE("arrivals: a ramp has as many arrivals as the area under it") {
  const ArrivalSpec up{.rate = 10, .rate_end = 30, .ramp_s = 5, .constant = true};
  const std::vector<double> at = times(up, 131);
  CHECK(at[100] == doctest::Approx(5.0));  // (10 + 30) / 2 * 5
  CHECK(at[130] == doctest::Approx(6.0));  // 30 a second from there on
  const ArrivalSpec down{.rate = 30, .rate_end = 10, .ramp_s = 5, .constant = true};
  CHECK(times(down, 101)[100] == doctest::Approx(5.0));
  for (std::size_t i = 1; i < at.size(); ++i) CHECK(at[i] > at[i - 1]);
}

TEST_CASE("arrivals: a trace ends; a seed gives the same times again") {
  Arrivals trace(
      {
          .trace_s = {0, 0.5, 0.5}
  },
      1);
  CHECK(*trace.next() == 0);
  CHECK(*trace.next() == 0.5);
  CHECK(*trace.next() == 0.5);
  CHECK_FALSE(trace.next());
  CHECK(times({.rate = 3}, 50, 9) == times({.rate = 3}, 50, 9));
  CHECK(times({.rate = 3}, 50, 9) != times({.rate = 3}, 50, 10));
}
