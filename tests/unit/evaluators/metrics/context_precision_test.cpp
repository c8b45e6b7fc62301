#include <doctest/doctest.h>

#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("context_precision: average precision, by hand") {
  struct Row {
    const char* why;
    const char* options;
    std::vector<std::string> answers;
    double score;
  };
  const std::string yes = verdicts("y"), no = verdicts("n");
  const Row rows[] = {
      {"the useful one comes first",  "",                       {yes, no, no},     1.0                  },
      {"... last",                    "",                       {no, no, yes},     1.0 / 3              },
      {"first and last: (1 + 2/3)/2", "",                       {yes, no, yes},    5.0 / 6              },
      {"none is useful",              "",                       {no, no, no},      0.0                  },
      {"ragas: 1e-10 in the divisor", "{definition: ragas}",    {yes, no, yes},    5.0 / 3 / (2 + 1e-10)},
      {"deepeval: one question",      "{definition: deepeval}", {verdicts("nyy")}, (0.5 + 2.0 / 3) / 2  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto metric = make_metric("context_precision", row.options);
    ScriptedJudge judge(row.answers);
    const Asked one = asked("x", {"p", "q", "r"}, "In Paris.");
    const Measurement measured = judged(*metric, judge, one.row, one.sample);
    CHECK(measured.why == "");
    CHECK(measured.values.at(0).value() == doctest::Approx(row.score).epsilon(1e-13));
    CHECK(judge.asked.size() == row.answers.size());
    CHECK(judge.asked[0].find("In Paris.") != std::string::npos);
  }
}

TEST_CASE(
    "context_precision: without a reference the answer counts; without "
    "passages nothing") {
  ScriptedJudge judge({verdicts("y")});
  Asked one = asked("It is in Lyon.", {"p"});
  CHECK(judged(*make_metric("context_precision"), judge, one.row, one.sample).values.at(0) == 1.0);
  CHECK(judge.asked[0].find("It is in Lyon.") != std::string::npos);
  const auto deepeval = make_metric("context_precision", "{definition: deepeval}");
  CHECK(judged(*deepeval, judge, one.row, one.sample).why == "the case has no reference");
  one.row.references = {"r"};
  one.row.context.clear();
  CHECK(judged(*deepeval, judge, one.row, one.sample).values.at(0) == 0.0);
  CHECK(judged(*make_metric("context_precision"), judge, one.row, one.sample).why ==
        "the case has no passages");
}
