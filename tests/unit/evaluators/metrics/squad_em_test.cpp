#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops::test;

TEST_CASE("squad_em: equal in the normal form") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"articles and case", "", "The Cat.", {"a cat"},      1.0},
      {"another word",      "", "dog",      {"cat"},        0.0},
      {"one of several",    "", "dog",      {"cat", "dog"}, 1.0},
      {"nothing",           "", "the",      {"a"},          1.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("squad_em", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("squad_em"), "a").why == "the case has no reference");
}

TEST_CASE("squad_em: agrees with the script") {
  const auto file = text_vectors("squad.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const auto metric = make_metric("squad_em");
  for (const llmops::Value& row : *at(*file, "rows").list()) {
    const std::string& id = *at(row, 0).string();
    CAPTURE(id);
    Segment segment;
    if (row.list()->size() > 5) {
      segment.hypothesis = *at(row, 4).string();
      for (const llmops::Value& each : *at(row, 5).list())
        segment.references.push_back(*each.string());
    } else {
      segment = segments->at(id);
    }
    CHECK(score_one(*metric, segment.hypothesis, segment.references) == at(row, 1).number());
  }
}
