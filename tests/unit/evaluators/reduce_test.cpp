#include "evaluators/reduce.h"

#include <doctest/doctest.h>

using namespace llmops;

namespace {

std::vector<SampleScore> scores(std::initializer_list<double> values) {
  std::vector<SampleScore> samples;
  for (const double value : values) samples.push_back({value, ""});
  return samples;
}

Measure pass_fail(Better better = Better::higher) {
  Measure measure;
  measure.name = "exact_match";
  measure.kind = ScoreKind::binary;
  measure.better = better;
  measure.signature = "exact_match|version:1";
  return measure;
}

}  // namespace

TEST_CASE("reduce: names") {
  for (const char* text : {"mean", "vote", "best", "at_least_3", "pass@1", "pass^1000"}) {
    CAPTURE(text);
    const auto reducer = read_reducer(text);
    REQUIRE(reducer);
    CHECK(name(*reducer) == text);
  }
  for (const char* text : {"", "median", "pass@", "pass@0", "pass@1001", "pass@5x", "at_least_",
                           "at_least_-1", "pass@99999999999999999999", "Vote"})
    CHECK_FALSE(read_reducer(text));
}

TEST_CASE("reduce: the number of a case, by hand") {
  struct Row {
    const char* why;
    const char* reducer;
    Better better;
    int asked;
    std::vector<SampleScore> samples;
    std::optional<double> value;
  };
  const std::vector<SampleScore> two_of_five = scores({1, 0, 0, 1, 0});
  const Row rows[] = {
      {"mean",                                      "mean",       Better::higher, 5, two_of_five,                                          0.4         },
      {"best",                                      "best",       Better::higher, 3, scores({0.2, 0.7, 0.4}),                              0.7         },
      {"best where less is better",                 "best",       Better::lower,  3, scores({2, 7, 4}),                                    2.0         },
      {"pass@1 is the share",                       "pass@1",     Better::higher, 5, two_of_five,                                          0.4         },
      {"pass@2 = 1 - (3·2)/(5·4)",                "pass@2",     Better::higher, 5, two_of_five,                                          0.7         },
      {"pass@4: three fail, so one of four passes", "pass@4",     Better::higher, 5, two_of_five,                                          1.0         },
      {"pass^1 is the share",                       "pass^1",     Better::higher, 5, two_of_five,                                          0.4         },
      {"pass^2 = (2·1)/(5·4)",                    "pass^2",     Better::higher, 5, two_of_five,                                          0.1         },
      {"pass^3 of two that pass",                   "pass^3",     Better::higher, 5, two_of_five,                                          0.0         },
      {"less is better: zeros pass",                "pass^2",     Better::lower,  5, two_of_five,                                          0.3         },
      {"fewer scored than k",                       "pass@3",     Better::higher, 5, scores({1, 1}),                                       std::nullopt},
      {"at least two",                              "at_least_2", Better::higher, 5, two_of_five,                                          1.0         },
      {"at least three",                            "at_least_3", Better::higher, 5, two_of_five,                                          0.0         },
      {"a missing one could decide",                "at_least_3", Better::higher, 6, two_of_five,                                          std::nullopt},
      {"a missing one cannot",                      "at_least_4", Better::higher, 6, two_of_five,                                          0.0         },
      {"decided already",                           "at_least_2", Better::higher, 9, two_of_five,                                          1.0         },
      {"nothing is scored",                         "mean",       Better::higher, 2, {{std::nullopt, ""}},                                 std::nullopt},
      {"no vote at all",                            "vote",       Better::higher, 2, {{std::nullopt, "a"}},                                std::nullopt},
 // Two of five say 42: no majority, but more than any other answer.
      {"plurality",
       "vote",                                                    Better::higher,
       5,                                                                            {{0, "7"}, {1, "42"}, {0, "9"}, {1, "42"}, {0, "8"}},
       1.0                                                                                                                                             },
      {"a wrong plurality",
       "vote",                                                    Better::higher,
       5,                                                                            {{1, "42"}, {0, "9"}, {1, "42"}, {0, "9"}, {0, "9"}},
       0.0                                                                                                                                             },
      {"a tie goes to the first seen",
       "vote",                                                    Better::higher,
       4,                                                                            {{0, "9"}, {1, "42"}, {1, "42"}, {0, "9"}},
       0.0                                                                                                                                             },
      {"who gives no answer does not vote",
       "vote",                                                    Better::higher,
       4,                                                                            {{0, ""}, {1, "42"}, {0, ""}, {0, ""}},
       1.0                                                                                                                                             },
      {"without answers the scores vote",           "vote",       Better::higher, 3, scores({0.5, 1, 1}),                                  1.0         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto value = reduce(*read_reducer(row.reducer), row.better, row.asked, row.samples);
    CHECK(value.has_value() == row.value.has_value());
    if (value && row.value) CHECK(*value == doctest::Approx(*row.value).epsilon(1e-12));
  }
}

TEST_CASE("reduce: what fits which measure") {
  const Measure made = reduced(pass_fail(Better::lower), *read_reducer("pass@5"));
  CHECK(made.name == "exact_match.pass@5");
  CHECK(made.signature == "exact_match|version:1|reduce:pass@5");
  CHECK(made.kind == ScoreKind::bounded);
  CHECK(made.better == Better::higher);
  CHECK(reduced(pass_fail(), *read_reducer("vote")).kind == ScoreKind::binary);
  CHECK(reduced(pass_fail(), *read_reducer("at_least_2")).kind == ScoreKind::binary);

  Measure open = pass_fail();
  open.kind = ScoreKind::positive;
  open.better = Better::neither;
  CHECK_FALSE(reducer_problem(*read_reducer("vote"), open));
  CHECK(reducer_problem(*read_reducer("best"), open).value() ==
        "`best` needs to know which way is better, and `exact_match` does not say");
  CHECK(reducer_problem(*read_reducer("pass@2"), open).value() ==
        "`pass@2` counts samples that pass, and `exact_match` is no pass/fail score");
}

TEST_CASE("reduce: the reduced measures of one case after another") {
  const Measure own = pass_fail(Better::lower);
  const std::vector<Measure> measures = {own, reduced(own, *read_reducer("pass@1")),
                                         reduced(own, *read_reducer("vote"))};
  CaseReducer reducer(measures);
  CHECK_FALSE(reducer.empty());
  CHECK(reducer.wants_answers());
  CHECK(CaseReducer(std::vector<Measure>{own}).empty());
  const auto row_of = [&](const std::vector<double>& values) {
    for (const double value : values)
      reducer.add(std::vector<std::optional<double>>(3, value), [&](const std::string& measure) {
        CHECK(measure == "exact_match.vote");
        return std::string(value > 0 ? "yes" : "no");
      });
    CaseRow row;
    row.samples = static_cast<int>(values.size());
    row.values.assign(3, -1.0);
    row.variances.assign(3, 0.5);
    reducer.finish(row);
    return row;
  };
  const CaseRow first = row_of({1, 0, 0, 0});  // less is better: three of four pass
  CHECK(first.values == std::vector<std::optional<double>>{-1.0, 0.75, 0.0});
  CHECK(first.variances == std::vector<std::optional<double>>{0.5, std::nullopt, std::nullopt});
  CHECK(row_of({1, 1}).values == std::vector<std::optional<double>>{-1.0, 0.0, 1.0});
}
