#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("contains: references or listed texts") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"a reference inside",                       "",                                   "It is Paris.", {"Paris"},         1},
      {"one of several references",                "",                                   "It is Paris.", {"Rome", "Paris"}, 1},
      {"none of them",                             "",                                   "It is Paris.", {"Rome"},          0},
      {"case counts",                              "",                                   "PARIS",        {"Paris"},         0},
      {"unless it is ignored",                     "{ignore_case: true}",                "PARIS",        {"Paris"},         1},
      {"blanks around the reference do not count", "",                                   "Paris.",       {" Paris\n"},      1},
      {"any of a list",                            "{any: [x, y]}",                      "by",           {},                1},
      {"a single text is a list",                  "{any: x}",                           "axe",          {},                1},
      {"not one of a list",                        "{any: [x, y]}",                      "a",            {},                0},
      {"all of a list",                            "{all: [x, y]}",                      "yx",           {},                1},
      {"not all of a list",                        "{all: [x, y]}",                      "y",            {},                0},
      {"none of a list",                           "{none: [sorry]}",                    "fine",         {},                1},
      {"one that must not be",                     "{none: [sorry]}",                    "sorry",        {},                0},
      {"lists together",                           "{any: [a, b], all: [c], none: [d]}", "ac",           {},                1},
      {"lists together, one broken",               "{any: [a, b], all: [c], none: [d]}", "acd",          {},                0},
      {"a list ignores references",                "{any: [x]}",                         "x",            {"Paris"},         1},
      {"case of a list",                           "{all: [ÄPFEL], ignore_case: true}", "zwei äpfel",  {},                1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("contains", row.options), row.output, row.references) ==
          row.score);
  }
}

TEST_CASE("contains: what cannot be looked for is no answer") {
  CHECK(measure(*make_metric("contains"), "a").why == "the case has no reference");
  CHECK(measure(*make_metric("contains"), "a", {" "}).why == "the reference is empty");
  CHECK(metric_problems("contains", "{any: []}").find("`any` holds no text to look for") !=
        std::string::npos);
  CHECK(make_metric("contains", "{any: [a, b]}")->signature() ==
        "contains|case:mixed|any:\"a\",\"b\"|version:1");
}
