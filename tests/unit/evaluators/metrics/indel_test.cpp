#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/similarity_vectors.h"

using namespace llmops::test;

TEST_CASE("indel: similarity by insertions and deletions") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",                       "",              "abc", {"abc"}, 1.0    },
      {"a substitution is two edits", "",              "abc", {"abd"}, 4.0 / 6},
      {"both empty",                  "",              "",    {""},    1.0    },
      {"one empty",                   "",              "ab",  {""},    0.0    },
      {"words",                       "{unit: words}", "a b", {"b"},   2.0 / 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("indel", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("indel"), "a").why == "the case has no reference");
}

TEST_CASE("indel: agrees with the reference vectors") { check_similarity("indel", "", 0, 3); }
