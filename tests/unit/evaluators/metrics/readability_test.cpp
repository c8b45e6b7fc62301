#include <doctest/doctest.h>

#include "evaluators/metrics/text/readability.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("readability: syllables of English words") {
  struct Row {
    const char* word;
    std::size_t syllables;
  };
  const Row rows[] = {
      {"cat",        1},
      {"table",      2},
      {"make",       1},
      {"makes",      1},
      {"wanted",     2},
      {"jumped",     1},
      {"boxes",      2},
      {"banana",     3},
      {"rhythm",     1},
      {"the",        1},
      {"university", 5},
      {"42",         1},
      {"queue",      1},
      {"added",      2}
  };
  for (const Row& row : rows) {
    CAPTURE(row.word);
    CHECK(english_syllables(row.word) == row.syllables);
  }
}

TEST_CASE("readability: sentences, words, characters") {
  const TextCounts counts =
      count_text("The cat sat. \"Did it?\" she asked.\n\nA heading\n\nNo end - here");
  CHECK(counts.sentences == 5);
  CHECK(counts.words == 12);
  CHECK(count_text("").sentences == 0);
  CHECK(count_text("- - -").words == 0);
}

TEST_CASE("readability: the three formulas") {
  // One sentence, 3 words, 3 syllables, 9 letters.
  const auto values = measure(*make_metric("readability"), "The cat sat.").values;
  CHECK(*values.at(0) == doctest::Approx(206.835 - 1.015 * 3 - 84.6));
  CHECK(*values.at(1) == doctest::Approx(0.39 * 3 + 11.8 - 15.59));
  CHECK(*values.at(2) == doctest::Approx(4.71 * 3 + 0.5 * 3 - 21.43));
  CHECK(measure(*make_metric("readability"), "...").why == "the output has no words");
}
