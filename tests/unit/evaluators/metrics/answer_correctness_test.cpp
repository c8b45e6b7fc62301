#include <doctest/doctest.h>

#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("answer_correctness: F1 of statements, by hand") {
  struct Row {
    const char *why;
    std::vector<std::string> answers;
    std::optional<double> score;
    const char *unscored = "";
  };
  const std::string none = statements({}), one = statements({"a"}),
                    three = statements({"a", "b", "c"});
  const Row rows[] = {
      // TP 2, FP 1, FN 1: 2/(2 + 1).
      {"two of three, one left out",
       {three, statements({"s", "t"}), verdicts("yyn"), verdicts("yn")},
       2.0 / 3},
      {"nothing is right", {one, one, verdicts("n"), verdicts("n")}, 0.0},
      {"the answer states nothing", {none, three, verdicts("nnn")}, 0.0},
      {"neither states anything",
       {none, none},
       std::nullopt,
       "neither answer nor reference states anything"},
      {"unreadable",
       {"?", one},
       std::nullopt,
       "no `statements` is found in the judge's answer"},
  };
  for (const Row &row : rows) {
    CAPTURE(row.why);
    const auto metric = make_metric("answer_correctness");
    ScriptedJudge judge(row.answers);
    const Asked asked_one = asked("x", {}, "r");
    const Measurement measured =
        judged(*metric, judge, asked_one.row, asked_one.sample);
    CHECK(measured.values.at(0).has_value() == row.score.has_value());
    if (measured.values.at(0) && row.score)
      CHECK(*measured.values.at(0) == doctest::Approx(*row.score));
    CHECK(measured.why == row.unscored);
  }
}

TEST_CASE("answer_correctness: ragas wants an embedding model") {
  CHECK(metric_problems("answer_correctness", "{definition: ragas}")
            .find("`embeddings`") != std::string::npos);
}
