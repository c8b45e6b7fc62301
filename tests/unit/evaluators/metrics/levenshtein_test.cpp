#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/similarity_vectors.h"

using namespace llmops::test;

TEST_CASE("levenshtein: similarity by edits") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",                  "",                  "abc",   {"abc"},      1.0    },
      {"one of three",           "",                  "abc",   {"abd"},      2.0 / 3},
      {"best reference",         "",                  "abc",   {"x", "abc"}, 1.0    },
      {"both empty",             "",                  "",      {""},         1.0    },
      {"one empty",              "",                  "",      {"ab"},       0.0    },
      {"words",                  "{unit: words}",     "a b c", {"a x c"},    2.0 / 3},
      {"case",                   "{lowercase: true}", "ABC",   {"abc"},      1.0    },
      {"code points, not bytes", "",                  "é",    {"e"},        0.0    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("levenshtein", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("levenshtein"), "a").why == "the case has no reference");
}

TEST_CASE("levenshtein: agrees with the reference vectors") {
  check_similarity("levenshtein", "", 1, 1);
  check_similarity("levenshtein", "", 0, 2);
  check_similarity("levenshtein", "{unit: words}", 1, 4);
}
