#include <doctest/doctest.h>

#include <map>

#include "datasets/text/json.h"
#include "evaluators/metrics/text/chrf.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("chrf: what is counted") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    const char* reference;
    double score;
  };
  const Row rows[] = {
      {"equal",                                  "",                                           "abcdefg", "abcdefg", 100},
      {"blanks do not count",                    "",                                           "ab cd",   "abcd",    100},
      {"unless they do",                         "{whitespace: true, char_order: 1, beta: 1}", "a b",     "ab",      80 },
      {"nothing shared",                         "",                                           "abc",     "xyz",     0  },
      {"both empty",                             "",                                           "",        "",        0  },
      {"one character each",                     "",                                           "é",      "é",      100},
      {"only the last mark is split off a word", "{char_order: 0, word_order: 1, beta: 1}",    "(hi)",
       "( hi )",                                                                                                     40 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("chrf", row.options), row.output, {row.reference}) ==
          doctest::Approx(row.score));
  }
  CHECK(metric_problems("chrf", "{char_order: 0}").find("are both 0") != std::string::npos);
  CHECK(make_metric("chrf", "{word_order: 2}")->signature() ==
        "chrf|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|beta:2|version:1");
}

TEST_CASE("chrf: agrees with sacrebleu") {
  const auto file = text_vectors("chrf.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const Value& meta = at(*file, "meta");
  const std::vector<std::string> columns = texts_at(meta, "columns");
  for (std::size_t c = 0; c < columns.size(); ++c) {
    CAPTURE(columns[c]);
    const std::string options = dump_json(at(at(meta, "options"), columns[c]));
    const auto metric = make_metric("chrf", options);
    for (const Value& row : *at(*file, "rows").list()) {
      const Segment& segment = segments->at(text_at(row, "id"));
      CAPTURE(segment.id);
      const Measurement result = measure(*metric, segment.hypothesis, segment.references);
      CHECK(*result.values.at(0) ==
            doctest::Approx(at(at(row, "score"), c).number()).epsilon(1e-11));
      if (columns[c] != "chrF++") continue;
      for (std::size_t i = 0; i < result.counts.size(); ++i)
        CHECK(result.counts[i] == at(at(row, "stats_chrF++"), i).number());
    }
  }
  std::map<std::string, SummedCounts> known;
  for (const Value& row : *at(*file, "corpus").list()) {
    CAPTURE(dump_json(row));
    const std::string options = dump_json(at(at(meta, "options"), text_at(row, "cfg")));
    SummedCounts& sums = known.try_emplace(options, "chrf", options).first->second;
    const std::vector<Segment> corpus = segments->corpus(meta, text_at(row, "c"));
    CHECK(*sums.metric().corpus(sums.over(corpus)).at(0) ==
          doctest::Approx(at(row, "score").number()).epsilon(1e-11));
    std::string signature = text_at(row, "sig");
    signature.resize(signature.find("|version"));
    CHECK(sums.signature(corpus).starts_with("chrf|" + signature + "|"));
  }
}
