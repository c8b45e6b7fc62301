#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/similarity_vectors.h"

using namespace llmops::test;

TEST_CASE("cer: errors for each reference character") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",        "", "ab",  {"ab"}, 0.0},
      {"one of two",   "", "ax",  {"ab"}, 0.5},
      {"blanks count", "", "a b", {"ab"}, 0.5},
      {"code points",  "", "é",  {"e"},  1.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("cer", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("cer"), "a").why == "the case has no reference");
}

TEST_CASE("cer: agrees with the reference vectors") { check_similarity("cer", "", 0, 6); }
