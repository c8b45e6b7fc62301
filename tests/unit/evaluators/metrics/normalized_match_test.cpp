#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops::test;

TEST_CASE("normalized_match: case, punctuation, articles and blanks are out of the way") {
  struct Row {
    const char* why;
    const char* output;
    const char* reference;
    double score;
  };
  const Row rows[] = {
      {"case and punctuation",       "The Eiffel Tower.", "eiffel tower", 1},
      {"full-width forms",           "４２",            "42",           1},
      {"ligatures",                  "ﬁne",             "fine",         1},
      {"composed accents",           "cafe\u0301",        "café",        1},
      {"accents stay",               "cafe",              "café",        0},
      {"other words",                "tower",             "eiffel tower", 0},
      {"only an article is nothing", "the",               "a",            1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("normalized_match"), row.output, {row.reference}) == row.score);
  }
}

TEST_CASE("normalized_match: agrees with exact match of the SQuAD rules") {
  const auto file = text_vectors("squad.json");
  if (!file) return;
  const auto metric = make_metric("normalized_match");
  std::size_t compared = 0;
  for (const llmops::Value& row : *at(*file, "rows").list()) {
    if (row.list()->size() < 6) continue;
    const std::string prediction = *at(row, 4).string();
    std::vector<std::string> references;
    for (const llmops::Value& each : *at(row, 5).list()) references.push_back(*each.string());
    CAPTURE(prediction);
    // The compatibility form composes marks, which the script does not; those rows are the table's.
    bool ascii = true;
    for (const char c : prediction) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    if (!ascii) continue;
    CHECK(score_one(*metric, prediction, references) == at(row, 1).number());
    ++compared;
  }
  CHECK(compared > 15);
}
