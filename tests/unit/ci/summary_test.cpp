#include "ci/summary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "ci/compare/quantile_sketch.h"
#include "ci/stats/binomial_interval.h"
#include "datasets/random.h"
#include "tests/support/built_run.h"

using namespace llmops;

TEST_CASE("summary: figures of one run") {
  test::BuiltRun run({test::binary_measure("pass"), test::positive_measure("tokens"),
                      test::bounded_measure("never")});
  for (int i = 0; i < 10; ++i)
    run.add("c" + std::to_string(i),
            {i < 3 ? 0.0 : 1.0, i == 0 ? std::nullopt : std::optional(10.0 * i), std::nullopt});
  std::vector<std::string> warnings;
  const Summary summary = summarize(run, warnings);
  CHECK(warnings.empty());
  const MeasureSummary& pass = *summary.find("pass");
  CHECK(pass.mean == 0.7);
  CHECK(pass.n == 10);
  CHECK(pass.interval_low == stats::wilson(7, 10)->lower);
  const MeasureSummary& tokens = *summary.find("tokens");
  CHECK(tokens.n == 9);
  CHECK(tokens.unscored == 1);
  CHECK(tokens.mean == 50);
  CHECK(tokens.total == 450);
  CHECK(tokens.p50 == 50);
  CHECK(tokens.p90 == doctest::Approx(82));
  CHECK(tokens.max == 90);
  CHECK(tokens.interval_low.value() < 50);
  CHECK(tokens.interval_high.value() > 50);
  const MeasureSummary& never = *summary.find("never");
  CHECK(never.n == 0);
  CHECK(never.unscored == 10);
  CHECK_FALSE(never.mean);
  CHECK_FALSE(never.interval_low);
  CHECK(summary.find("other") == nullptr);
}

TEST_CASE("quantile sketch: exact while values are few, within 0.1 % when they are many") {
  Random random(7);
  QuantileSketch sketch;
  std::vector<double> values;
  for (std::size_t i = 0; i < QuantileSketch::kExact + 50000; ++i) {
    const double u = random.uniform();
    values.push_back(i % 5 == 0 ? -u * 10 : std::exp(20 * u - 10));
    sketch.add(values.back());
    if (i == 999) {
      std::vector<double> sorted = values;
      std::sort(sorted.begin(), sorted.end());
      CHECK(sketch.quantile(0.5) == (sorted[499] + sorted[500]) / 2);
    }
  }
  CHECK_FALSE(sketch.exact());
  std::sort(values.begin(), values.end());
  for (const double p : {0.0, 0.01, 0.3, 0.5, 0.9, 0.99, 1.0}) {
    CAPTURE(p);
    const double exact =
        values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
    CHECK(sketch.quantile(p).value() == doctest::Approx(exact).epsilon(1.2e-3));
  }
  QuantileSketch tokens;  // whole numbers below 1024 have a cell each
  for (std::size_t i = 0; i < QuantileSketch::kExact + 10; ++i)
    tokens.add(static_cast<double>(i % 101));
  CHECK(tokens.quantile(0.5) == 50);
  CHECK_FALSE(QuantileSketch().quantile(0.5));
}

TEST_CASE("summary: tokens, money and times have no interval below 0") {
  test::BuiltRun run({test::positive_measure("tokens"), test::bounded_measure("m", -1, 1)});
  for (int i = 0; i < 6; ++i)
    run.add(std::to_string(i), {i == 0 ? 100.0 : 1.0, i == 0 ? 1.0 : -1.0});
  std::vector<std::string> warnings;
  const Summary summary = summarize(run, warnings);
  CHECK(summary.find("tokens")->interval_low.value() == 0);
  CHECK(summary.find("tokens")->interval_high.value() > 50);
  CHECK(summary.find("m")->interval_low.value() == -1);
}
