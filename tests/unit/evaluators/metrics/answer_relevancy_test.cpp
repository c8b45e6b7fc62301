#include <doctest/doctest.h>

#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("answer_relevancy: DeepEval's definition, by hand") {
  const auto metric = make_metric("answer_relevancy", "{definition: deepeval}");
  const Asked one = asked("x");
  ScriptedJudge judge({statements({"a", "b", "c", "d"}), verdicts("yinn")});
  CHECK(judged(*metric, judge, one.row, one.sample).values.at(0).value() ==
        doctest::Approx(0.5));
  CHECK(judge.asked.at(1).find("Where is the tower?") != std::string::npos);
  ScriptedJudge silent({statements({})});
  CHECK(judged(*metric, silent, one.row, one.sample).values.at(0) == 1.0);
  ScriptedJudge broken({"{}"});
  CHECK(judged(*metric, broken, one.row, one.sample).why ==
        "no `statements` is found in the judge's answer");
}

TEST_CASE("answer_relevancy: the others want an embedding model") {
  CHECK(metric_problems("answer_relevancy", "").find("`embeddings`") !=
        std::string::npos);
}
