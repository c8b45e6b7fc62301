#include "ci/stats/descriptive.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {

Operations descriptive_operations() {
  return {
      {"describe",
       [](const Value& in) {
         return shown(describe(numbers(in, "x")), [](const Description& d) {
           return Object{{"n", static_cast<std::int64_t>(d.n)},
                         {"mean", d.mean},
                         {"variance", optional(d.variance)},
                         {"sd", optional(d.sd)},
                         {"skewness_g1", optional(d.skewness)},
                         {"median", d.median},
                         {"q05", d.q05},
                         {"q25", d.q25},
                         {"q75", d.q75},
                         {"q90", d.q90},
                         {"q95", d.q95},
                         {"q99", d.q99},
                         {"min", d.min},
                         {"max", d.max}};
         });
       }},
      {"quantile",
       [](const Value& in) {
         return shown(quantile(numbers(in, "x"), number(in, "p")), [](double q) { return q; });
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("descriptive: reference vectors") {
  check_vectors("descriptive", descriptive_operations());
}

TEST_CASE("moments: by hand") {
  const Moments m = moments(std::array{2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0});
  CHECK(m.n == 8);
  CHECK(m.mean == 5.0);
  CHECK(m.sd == doctest::Approx(std::sqrt(32.0 / 7.0)).epsilon(1e-15));
  CHECK(m.skewness == doctest::Approx((42.0 / 8.0) / 8.0).epsilon(1e-15));  // m2 = 4, m3 = 42/8
  CHECK(m.min == 2.0);
  CHECK(m.max == 9.0);
}

TEST_CASE("moments: a large offset costs no digits") {
  const Moments m = moments(std::array{1e15 + 1, 1e15 + 2, 1e15 + 6});
  CHECK(m.mean == 1e15 + 3);
  CHECK(m.sd == doctest::Approx(std::sqrt(7.0)).epsilon(1e-15));
  CHECK(moments(std::array{0.1, 0.1, 0.1, 0.1, 0.1, 0.1}).constant());
  CHECK(moments(std::array{1e308, -1e308}).mean == 0.0);
  CHECK(std::isfinite(moments(std::array{1e308, 0.0}).sd));
}

TEST_CASE("moments: of differences know the size of what was subtracted") {
  const auto m =
      paired_moments(std::array{0.1, 0.2, 0.3}, std::array{0.2, 0.30000000000000004, 0.4});
  REQUIRE(m);
  CHECK(m->magnitude == 0.4);
  CHECK(m->constant());
}

TEST_CASE("moments: adding values equals taking the moments of all") {
  const std::array sample{0.3, 0.9, 0.2, 0.2, 0.5};
  const std::array all{0.3, 0.9, 0.2, 0.2, 0.5, -1.0, 1.0};
  const Moments merged = with_values(moments(sample), std::array{-1.0, 1.0});
  const Moments direct = moments(all);
  CHECK(merged.n == direct.n);
  CHECK(merged.mean == doctest::Approx(direct.mean).epsilon(1e-14));
  CHECK(merged.sd == doctest::Approx(direct.sd).epsilon(1e-14));
  CHECK(merged.skewness == doctest::Approx(direct.skewness).epsilon(1e-13));
  CHECK(merged.min == -1.0);
  CHECK(merged.max == 1.0);
}

TEST_CASE("quantile: type 7 by hand") {
  const std::array values{40.0, 10.0, 30.0, 20.0};
  CHECK(*quantile(values, 0.0) == 10.0);
  CHECK(*quantile(values, 0.5) == 25.0);
  CHECK(*quantile(values, 0.9) == doctest::Approx(37.0));
  CHECK(*quantile(values, 1.0) == 40.0);
  CHECK(quantile(values, 1.5).refusal().code == "bad_probability");
}
