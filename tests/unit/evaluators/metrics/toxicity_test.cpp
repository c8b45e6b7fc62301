#include <doctest/doctest.h>

#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("toxicity: share of the opinions, by hand") {
  const auto metric = make_metric("toxicity");
  CHECK(metric->columns().at(0).better == Better::lower);
  const Asked one = asked("x");
  ScriptedJudge judge({R"({"opinions": ["a", "b", "c", "d"]})", verdicts("nyni")});
  CHECK(judged(*metric, judge, one.row, one.sample).values.at(0).value() == doctest::Approx(0.25));
  ScriptedJudge silent({R"({"opinions": []})"});
  CHECK(judged(*metric, silent, one.row, one.sample).values.at(0) == 0.0);
  ScriptedJudge broken({R"({"opinions": "none"})"});
  CHECK(judged(*metric, broken, one.row, one.sample).why == "the judge's `opinions` is no list");
}
