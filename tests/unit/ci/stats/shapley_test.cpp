#include "ci/stats/shapley.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace llmops;

TEST_CASE("shapley: independent factors get what they change, products share by halves") {
  // q = a + b c, from (1, 2, 3) to (5, 4, 3).
  const auto sum = stats::shapley(3, [](unsigned e) {
    const double a = (e & 1U) != 0 ? 5 : 1, b = (e & 2U) != 0 ? 4 : 2, c = 3;
    return a + b * c;
  });
  CHECK(sum == std::vector<double>{4, 6, 0});
  // b c from 2 x 3 to 4 x 5: each gets its change at the mean of the other.
  const auto product = stats::shapley(
      2, [](unsigned e) { return ((e & 1U) != 0 ? 4.0 : 2.0) * ((e & 2U) != 0 ? 5.0 : 3.0); });
  CHECK(product[0] == doctest::Approx(2 * 4));
  CHECK(product[1] == doctest::Approx(2 * 3));
}

// The glove game (Shapley 1953 is the rule; two left gloves, one right): 1/6, 1/6, 4/6.
TEST_CASE("shapley: the glove game") {
  const auto parts =
      stats::shapley(3, [](unsigned e) { return (e & 4U) != 0 && (e & 3U) != 0 ? 1.0 : 0.0; });
  CHECK(parts[0] == doctest::Approx(1.0 / 6));
  CHECK(parts[1] == doctest::Approx(1.0 / 6));
  CHECK(parts[2] == doctest::Approx(4.0 / 6));
}

TEST_CASE("shapley: nine factors still add up") {
  const auto value = [](unsigned e) {
    double product = 1;
    for (unsigned i = 0; i < 9; ++i) product *= (e >> i & 1U) != 0 ? 1.0 + i : 1.5;
    return product;
  };
  const auto parts = stats::shapley(9, value);
  CHECK(std::accumulate(parts.begin(), parts.end(), 0.0) ==
        doctest::Approx(value(511) - value(0)).epsilon(1e-12));
}
