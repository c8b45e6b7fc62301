#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/metric.h"
#include "tests/support/similarity_vectors.h"

using namespace llmops::test;

TEST_CASE("cosine: angle between word counts") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"same words",     "", "a b",   {"b a"}, 1.0                  },
      {"repeats count",  "", "a a b", {"a b"}, 3.0 / std::sqrt(10.0)},
      {"nothing shared", "", "a",     {"b"},   0.0                  },
      {"both empty",     "", "",      {""},    1.0                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("cosine", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("cosine"), "a").why == "the case has no reference");
}

TEST_CASE("cosine: agrees with the reference vectors") { check_similarity("cosine", "", 0, 8); }
