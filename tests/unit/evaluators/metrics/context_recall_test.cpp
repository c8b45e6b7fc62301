#include <doctest/doctest.h>

#include "evaluators/metrics/text/sentences.h"
#include "tests/support/judged.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("context_recall: the definitions, by hand") {
  struct Row {
    const char* why;
    const char* options;
    std::vector<std::string> answers;
    std::optional<double> score;
    const char* unscored = "";
  };
  const Row rows[] = {
      {"two of three sentences",                       "", {verdicts("yny")},                                    2.0 / 3                                      },
      {"a verdict too many",
       "",                                                 {verdicts("ynyy")},
       std::nullopt,
       "the judge gave 4 verdicts on 3 parts"},
      {"ragas: the judge's own sentences",                                              "{definition: ragas}",               {verdicts("yn")}, 0.5               },
      {"ragas: attributed",
       "{definition: ragas}",                              {R"({"classifications": [{"statement": "a", "reason": "r", "attributed": 1}, {"attributed": 0}]})"},
       0.5},
      {"ragas: none",
       "{definition: ragas}",                                    {R"({"verdicts": []})"},
       std::nullopt,
       "the judge found no sentence in the reference"},
      {"deepeval: none", "{definition: deepeval}",   {R"({"verdicts": []})"},                                        0.0                                                            },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto metric = make_metric("context_recall", row.options);
    ScriptedJudge judge(row.answers);
    const Asked one = asked("x", {"p"}, "It is in Paris. It was built in 1889! Is it high?");
    const Measurement measured = judged(*metric, judge, one.row, one.sample);
    CHECK(measured.values.at(0).has_value() == row.score.has_value());
    if (measured.values.at(0) && row.score)
      CHECK(*measured.values.at(0) == doctest::Approx(*row.score));
    CHECK(measured.why == row.unscored);
  }
}

TEST_CASE("sentences: Unicode's rules, and lines") {
  using Texts = std::vector<std::string>;
  CHECK(sentences_of("It is 3.5 m. Is it? Yes!") == Texts{"It is 3.5 m.", "Is it?", "Yes!"});
  CHECK(sentences_of("A heading\n- one\n- two\n\n---\n") == Texts{"A heading", "- one", "- two"});
  CHECK(sentences_of("塔在巴黎。它很高。") == Texts{"塔在巴黎。", "它很高。"});
  CHECK(sentences_of(" \n ?! ").empty());
  CHECK(sentences_of("").empty());
  CHECK(sentences_of("broken \xff bytes.").size() == 1);
}
