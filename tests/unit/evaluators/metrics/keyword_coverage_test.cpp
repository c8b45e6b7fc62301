#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("keyword_coverage: the share that is there") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"two of three",            "{keywords: [cat, dog, cow]}",           "A Cat and a dog.",  {},               2.0 / 3},
      {"whole words",             "{keywords: [cat]}",                     "concatenate",       {},               0      },
      {"parts of words",          "{keywords: [cat], whole_words: false}", "concatenate",       {},               1      },
      {"phrases",                 "{keywords: [New York]}",                "in new york today", {},               1      },
      {"marks at the edge",       "{keywords: [C++]}",                     "in C++11",          {},               1      },
      {"case, where it counts",   "{keywords: [Cat], ignore_case: false}", "cat",               {},               0      },
      {"references are keywords", "",                                      "one and two",       {"one", "three"}, 0.5    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("keyword_coverage", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("keyword_coverage", "{keywords: [a, b]}"), "b").note == "lacks a");
  CHECK(measure(*make_metric("keyword_coverage"), "b").why == "the case has no keywords");
  CHECK(metric_problems("keyword_coverage", "{keywords: []}").find("names no word") !=
        std::string::npos);
}

TEST_CASE("keyword_coverage: from a column of the case") {
  Case row;
  row.variables.add("terms", Value(List{Value("x"), Value("y")}));
  Sample sample;
  sample.text = "x";
  CHECK(make_metric("keyword_coverage", "{field: terms}")->score(row, sample).values.at(0) == 0.5);
}
