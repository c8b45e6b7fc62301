#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("exact_match: equality with a reference") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",                         "",                    "yes",       {"yes"},    1},
      {"blanks around are cut off",     "",                    " yes\n",    {"yes "},   1},
      {"no-break space is white space", "",                    "yes\u00A0", {"yes"},    1},
      {"blanks inside count",           "",                    "y es",      {"yes"},    0},
      {"case counts",                   "",                    "Yes",       {"yes"},    0},
      {"unless it is ignored",          "{ignore_case: true}", "ÄPFEL",    {"äpfel"}, 1},
      {"any reference will do",         "",                    "b",         {"a", "b"}, 1},
      {"blanks count without trim",     "{trim: false}",       "yes\n",     {"yes"},    0},
      {"nothing equals nothing",        "",                    "",          {""},       1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("exact_match", row.options), row.output, row.references) ==
          row.score);
  }
}

TEST_CASE("exact_match: a case without a reference is unscored") {
  const auto result = measure(*make_metric("exact_match"), "yes");
  CHECK_FALSE(result.values.at(0).has_value());
  CHECK(result.why == "the case has no reference");
}

TEST_CASE("exact_match: its options are in its signature") {
  CHECK(make_metric("exact_match", "{ignore_case: true}")->signature() ==
        "exact_match|trim:yes|case:lc|version:1");
  CHECK(metric_problems("exact_match", "{ignorecase: true}") ==
        "suite.yaml:1:2: error: unknown key `ignorecase`\n"
        " 1 | {ignorecase: true}\n"
        "   |  ^^^^^^^^^^ expected one of: ignore_case, trim\n"
        "  = help: did you mean `ignore_case`?\n");
}
