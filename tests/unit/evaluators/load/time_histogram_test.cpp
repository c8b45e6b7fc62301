#include "evaluators/load/time_histogram.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("time histogram: quantiles within half a percent, whatever the scale") {
  for (const double scale : {0.01, 1.0, 5000.0}) {
    CAPTURE(scale);
    TimeHistogram histogram;
    for (int i = 1; i <= 1000; ++i) histogram.add(scale * i);
    CHECK(histogram.count() == 1000);
    for (const double p : {0.01, 0.5, 0.9, 0.99, 1.0})
      CHECK(*histogram.quantile(p) == doctest::Approx(scale * 1000 * p).epsilon(0.006));
    CHECK(histogram.largest() == scale * 1000);
  }
}

TEST_CASE("time histogram: nothing, zero, times that are none") {
  TimeHistogram histogram;
  CHECK_FALSE(histogram.quantile(0.5));
  histogram.add(-1);
  histogram.add(1, 0);
  CHECK(histogram.count() == 0);
  histogram.add(0, 3);
  CHECK(*histogram.quantile(0.5) == 0);
  TimeHistogram other;
  other.add(8, 3);
  histogram.merge(other);
  CHECK(histogram.count() == 6);
  CHECK(*histogram.quantile(0.9) == doctest::Approx(8).epsilon(0.006));
}
