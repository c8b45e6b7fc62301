#include <doctest/doctest.h>

#include "evaluators/metrics/text/meteor.h"
#include "evaluators/metrics/text/porter_stemmer.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("meteor: matches and their order") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",          "", "a b c",        {"a b c"},   1 - 0.5 / 27},
      {"by stem",        "", "running dogs", {"run dog"}, 1 - 0.5 / 8 },
      {"scattered",      "", "c b a",        {"a b c"},   0.5         },
      {"nothing shared", "", "x",            {"a"},       0.0         },
      {"nothing said",   "", "",             {"a"},       0.0         },
      {"best reference", "", "a",            {"x", "a"},  0.5         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("meteor", row.options), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("meteor"), "a").why == "the case has no reference");
}

TEST_CASE("meteor: agrees with nltk without its WordNet stage") {
  const auto file = text_vectors("meteor.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const auto usual = make_metric("meteor");
  const auto other = make_metric("meteor", "{alpha: 0.85, beta: 0.2, gamma: 0.6}");
  for (const Value& row : *at(*file, "rows").list()) {
    const Segment& segment = segments->at(*at(row, 0).string());
    CAPTURE(segment.id);
    CHECK(score_one(*usual, segment.hypothesis, segment.references) ==
          doctest::Approx(at(row, 2).number()).epsilon(1e-11));
    CHECK(score_one(*other, segment.hypothesis, segment.references) ==
          doctest::Approx(at(row, 3).number()).epsilon(1e-11));
    const MeteorMatch match = meteor_match(segment.hypothesis, segment.references.front());
    const Value& wanted = at(at(row, 4), 1);
    CHECK(static_cast<double>(match.matches) == at(wanted, 0).number());
    CHECK(static_cast<double>(match.chunks) == at(wanted, 1).number());
  }
}

TEST_CASE("meteor: stems count characters, not bytes") {
  CHECK(porter_stem("és") == "és");
  CHECK(porter_stem("éés") == "éé");
  CHECK(porter_stem("naïves") == "naïv");
  CHECK(porter_stem("日本語") == "日本語");
}
