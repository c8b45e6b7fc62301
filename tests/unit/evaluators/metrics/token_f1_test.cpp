#include <doctest/doctest.h>

#include "evaluators/metrics/text/squad.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("token_f1: word overlap after SQuAD normalisation") {
  struct Row {
    const char* why;
    const char* output;
    std::vector<std::string> references;
    double f1;
  };
  const Row rows[] = {
      {"articles do not count",        "the fox", {"a fox"},          1.0      },
      {"half of the words",            "red fox", {"fox"},            2.0 / 3.0},
      {"repeats gain nothing",         "fox fox", {"fox"},            2.0 / 3.0},
      {"best reference wins",          "fox",     {"dog", "the fox"}, 1.0      },
      {"nothing said",                 "",        {"fox"},            0.0      },
      {"nothing wanted, nothing said", "the",     {""},               1.0      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("token_f1"), row.output, row.references) ==
          doctest::Approx(row.f1));
  }
}

TEST_CASE("token_f1: agrees with the official script") {
  const auto file = text_vectors("squad.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const auto metric = make_metric("token_f1");
  for (const Value& row : *at(*file, "rows").list()) {
    const std::string& id = *at(row, 0).string();
    CAPTURE(id);
    Segment segment;
    if (row.list()->size() > 5) {
      segment.hypothesis = *at(row, 4).string();
      for (const Value& each : *at(row, 5).list()) segment.references.push_back(*each.string());
      CHECK(squad_normalized(segment.hypothesis) == *at(row, 6).string());
      for (std::size_t i = 0; i < segment.references.size(); ++i)
        CHECK(squad_normalized(segment.references[i]) == *at(at(row, 7), i).string());
    } else {
      segment = segments->at(id);
    }
    CHECK(score_one(*metric, segment.hypothesis, segment.references) ==
          doctest::Approx(at(row, 3).number()).epsilon(1e-12));
  }
}
