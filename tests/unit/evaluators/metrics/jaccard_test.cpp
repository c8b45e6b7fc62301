#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/similarity_vectors.h"

using namespace llmops::test;

TEST_CASE("jaccard: shared words of all words") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal sets",   "", "a b a", {"b a"}, 1.0    },
      {"one of three", "", "a b",   {"b c"}, 1.0 / 3},
      {"case",         "", "A",     {"a"},   1.0    },
      {"both empty",   "", "",      {" "},   1.0    },
      {"one empty",    "", "a",     {""},    0.0    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("jaccard", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("jaccard"), "a").why == "the case has no reference");
}

TEST_CASE("jaccard: agrees with the reference vectors") { check_similarity("jaccard", "", 0, 7); }
