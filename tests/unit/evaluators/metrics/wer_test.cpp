#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/segments.h"
#include "tests/support/similarity_vectors.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("wer: errors for each reference word") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",                           "",                  "a b",   {"a b"},        0.0},
      {"one of two",                      "",                  "a x",   {"a b"},        0.5},
      {"more errors than words",          "",                  "a b c", {"x"},          3.0},
      {"the lowest rate",                 "",                  "a",     {"x y z", "a"}, 0.0},
      {"case counts",                     "",                  "A",     {"a"},          1.0},
      {"unless it does not",              "{lowercase: true}", "A",     {"a"},          0.0},
      {"punctuation",                     "{no_punct: true}",  "a, b!", {"a b"},        0.0},
      {"an empty reference is no choice", "",                  "a",     {"", "b c"},    1.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("wer", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("wer"), "a").why == "the case has no reference");
}

TEST_CASE("wer: an empty reference has no rate, but its errors count in the set") {
  const auto metric = make_metric("wer");
  const auto result = measure(*metric, "a b", {""});
  CHECK_FALSE(result.values.at(0).has_value());
  CHECK(result.why == "the reference is empty");
  CHECK(result.counts == std::vector<double>{2, 0});
}

TEST_CASE("wer: agrees with the reference vectors") {
  check_similarity("wer", "", 0, 5);
  const auto file = text_vectors("similarity.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  std::vector<Segment> firsts = segments->all();
  for (Segment& segment : firsts) segment.references.resize(1);
  SummedCounts sums("wer", "");
  CHECK(*sums.metric().corpus(sums.over(firsts)).at(0) ==
        doctest::Approx(at(at(*file, "meta"), "corpus_wer").number()).epsilon(1e-11));
}
