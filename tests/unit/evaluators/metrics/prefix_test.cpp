#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("prefix: how much of the reference comes first") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"all of it",      "", "abc d", {"abc"},      1.0},
      {"half of it",     "", "abx",   {"abcd"},     0.5},
      {"nothing",        "", "x",     {"abcd"},     0.0},
      {"code points",    "", "éa",   {"éb"},      0.5},
      {"best reference", "", "ab",    {"xx", "ab"}, 1.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("prefix", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("prefix"), "a").why == "the case has no reference");
}

TEST_CASE("prefix: an empty reference is nothing to compare with") {
  CHECK(measure(*make_metric("prefix"), "a", {""}).why == "the reference is empty");
}
