#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops::test;

TEST_CASE("squad_f1: shared words by both sets of rules") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"half of the words",            "",              "red fox", {"fox"}, 2.0 / 3},
      {"nothing against nothing, 2.0", "",              "the",     {""},    1.0    },
      {"nothing against nothing, 1.1", "{rules: v1.1}", "the",     {""},    0.0    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("squad_f1", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("squad_f1"), "a").why == "the case has no reference");
}

TEST_CASE("squad_f1: agrees with the script") {
  const auto file = text_vectors("squad.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const auto first = make_metric("squad_f1", "{rules: v1.1}");
  const auto second = make_metric("squad_f1");
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
    CHECK(score_one(*first, segment.hypothesis, segment.references) ==
          doctest::Approx(at(row, 2).number()).epsilon(1e-11));
    CHECK(score_one(*second, segment.hypothesis, segment.references) ==
          doctest::Approx(at(row, 3).number()).epsilon(1e-11));
  }
}
