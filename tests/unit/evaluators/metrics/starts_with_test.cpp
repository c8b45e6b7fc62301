#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("starts_with: the beginning") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"a reference",      "",                    "Yes, it is", {"Yes"},  1.0},
      {"blanks before",    "",                    "  Yes",      {"Yes "}, 1.0},
      {"not at the start", "",                    "Oh yes",     {"yes"},  0.0},
      {"case",             "{ignore_case: true}", "YES",        {"yes"},  1.0},
      {"given texts",      "{any: [No, Yes]}",    "Yes.",       {},       1.0},
      {"given texts only", "{any: [No]}",         "Yes.",       {"Yes"},  0.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("starts_with", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("starts_with"), "a").why == "the case has no reference");
}

TEST_CASE("starts_with: an empty reference is nothing to compare with") {
  CHECK(measure(*make_metric("starts_with"), "a", {""}).why == "the reference is empty");
}
