#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("ends_with: the end") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"a reference",    "",                  "it is 5",   {"5"}, 1.0},
      {"blanks behind",  "",                  "it is 5\n", {"5"}, 1.0},
      {"not at the end", "",                  "5 it is",   {"5"}, 0.0},
      {"given texts",    "{any: ['.', '!']}", "Yes!",      {},    1.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("ends_with", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("ends_with"), "a").why == "the case has no reference");
}

TEST_CASE("ends_with: an empty reference is nothing to compare with") {
  CHECK(measure(*make_metric("ends_with"), "a", {""}).why == "the reference is empty");
}
