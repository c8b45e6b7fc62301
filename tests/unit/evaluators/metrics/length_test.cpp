#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("length: code points and words") {
  struct Row {
    const char* output;
    double characters, words;
  };
  const Row rows[] = {
      {"",          0, 0},
      {"two words", 9, 2},
      {" é\n",     3, 1},
      {"日本語", 3, 1},
      {"a\u3000b",  3, 2}
  };
  const auto metric = make_metric("length");
  for (const Row& row : rows) {
    CAPTURE(row.output);
    const auto values = measure(*metric, row.output).values;
    CHECK(values.at(0) == row.characters);
    CHECK(values.at(1) == row.words);
  }
}
