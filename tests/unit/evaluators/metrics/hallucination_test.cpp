#include <doctest/doctest.h>

#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("hallucination: the definitions, by hand") {
  struct Row {
    const char* why;
    const char* options;
    std::vector<std::string> passages;
    std::vector<std::string> answers;
    std::optional<double> score;
    const char* unscored = "";
  };
  const std::vector<std::string> two = {"one", "two"};
  const Row rows[] = {
      {"one of four is contradicted",
       "",                                two,
       {statements({"a", "b", "c", "d"}), verdicts("yyin")},
       0.25                                                                                                            },
      {"nothing is stated",           "", two,                        {statements({})},           std::nullopt,          "the answer states nothing"},
      {"no passages",                             "",                   {},               {"x"},                     std::nullopt,                       "the case has no passages"},
      {"deepeval: one of two passages",   "{definition: deepeval}",     two, {verdicts("yn")}, 0.5},
      {"deepeval: no passages",                          "{definition: deepeval}",                            {},                                {"x"},         0.0        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto metric = make_metric("hallucination", row.options);
    CHECK(metric->columns().at(0).better == Better::lower);
    ScriptedJudge judge(row.answers);
    const Asked one = asked("x", row.passages);
    const Measurement measured = judged(*metric, judge, one.row, one.sample);
    CHECK(measured.values.at(0).has_value() == row.score.has_value());
    if (measured.values.at(0) && row.score)
      CHECK(*measured.values.at(0) == doctest::Approx(*row.score));
    CHECK(measured.why == row.unscored);
  }
}
