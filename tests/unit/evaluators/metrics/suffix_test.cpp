#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("suffix: how much of the reference comes last") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"all of it",  "", "x abc", {"abc"},  1.0},
      {"half of it", "", "xcd",   {"abcd"}, 0.5},
      {"nothing",    "", "x",     {"abcd"}, 0.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("suffix", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("suffix"), "a").why == "the case has no reference");
}

TEST_CASE("suffix: an empty reference is nothing to compare with") {
  CHECK(measure(*make_metric("suffix"), "a", {""}).why == "the reference is empty");
}
