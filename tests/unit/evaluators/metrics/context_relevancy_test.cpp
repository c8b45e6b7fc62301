#include <doctest/doctest.h>

#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("context_relevancy: the definitions, by hand") {
  const Asked one = asked("x", {"One. Two.", "---", "Three."});
  ScriptedJudge ours({verdicts("yn"), verdicts("y")});  // a passage without a sentence is not asked
  CHECK(judged(*make_metric("context_relevancy"), ours, one.row, one.sample).values.at(0).value() ==
        doctest::Approx(2.0 / 3));
  CHECK(ours.asked.size() == 2);

  const auto deepeval = make_metric("context_relevancy", "{definition: deepeval}");
  ScriptedJudge theirs({verdicts("ynn"), R"({"verdicts": []})", verdicts("y")});
  CHECK(judged(*deepeval, theirs, one.row, one.sample).values.at(0).value() ==
        doctest::Approx(0.5));
  ScriptedJudge none({R"({"verdicts": []})"});
  CHECK(judged(*deepeval, none, one.row, one.sample).values.at(0) == 0.0);

  const Asked without = asked("x", {"---"});
  ScriptedJudge silent({"x"});
  CHECK(judged(*make_metric("context_relevancy"), silent, without.row, without.sample).why ==
        "the passages state nothing");
}
