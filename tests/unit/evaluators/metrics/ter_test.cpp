#include <doctest/doctest.h>

#include <map>

#include "datasets/text/json.h"
#include "evaluators/metrics/text/edit_distance.h"
#include "evaluators/metrics/text/ter.h"
#include "evaluators/metrics/text/words.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::string words(const std::string& text, const TerOptions& options) {
  std::string buffer, joined;
  for (const std::string_view word : ter_words(text, options, buffer)) {
    if (!joined.empty()) joined += ' ';
    joined += word;
  }
  return joined;
}

std::string squeezed(const std::string& text) {
  std::string joined;
  for (const std::string_view word : split_words(text)) {
    if (!joined.empty()) joined += ' ';
    joined += word;
  }
  return joined;
}

}  // namespace

TEST_CASE("ter: edits and moves") {
  struct Row {
    const char* why;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal but for case",           "A b c",   {"a b c"},          0  },
      {"one word of four",             "a x c d", {"a b c d"},        25 },
      {"a moved block is one edit",    "c d a b", {"a b c d"},        25 },
      {"fewest edits, mean length",    "a b",     {"a b", "x y z v"}, 0  },
      {"nothing wanted",               "a",       {""},               100},
      {"nothing wanted, nothing said", "",        {""},               0  },
      {"nothing said",                 "",        {"a b"},            100},
      {"more edits than words",        "a b c d", {"x"},              400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("ter"), row.output, row.references) == doctest::Approx(row.score));
  }
  CHECK(make_metric("ter", "{normalized: true}")->signature() ==
        "ter|nrefs:1|case:lc|tok:tercom|norm:yes|punct:yes|asian:no|version:1");
}

TEST_CASE("ter: words agree with sacrebleu") {
  const auto file = text_vectors("tokenization.json");
  const auto fuzz = text_vectors("token_fuzz.json");
  const auto segments = Segments::load();
  if (!file || !fuzz || !segments) return;
  struct Variant {
    const char* column;
    TerOptions options;
  };
  const Variant variants[] = {
      {"ter",               {}                                                              },
      {"ter_norm",          {.normalized = true}                                            },
      {"ter_nopunct",       {.no_punct = true}                                              },
      {"ter_norm_asian",    {.normalized = true, .asian_support = true}                     },
      {"ter_nopunct_asian", {.no_punct = true, .asian_support = true}                       },
      {"ter_all_case",
       {.normalized = true, .no_punct = true, .asian_support = true, .case_sensitive = true}}
  };
  for (const Value& row : *at(*file, "rows").list()) {
    const Segment& segment = segments->at(text_at(row, "id"));
    const std::string& side = text_at(row, "side");
    const std::string& text =
        side == "hyp" ? segment.hypothesis
                      : segment.references.at(static_cast<std::size_t>(side.back() - '0'));
    CAPTURE(segment.id);
    CAPTURE(side);
    for (const Variant& variant : variants) {
      CAPTURE(variant.column);
      const Value* wanted = &at(row, variant.column);
      while (wanted->string() != nullptr && wanted->string()->starts_with('=') &&
             row.find(wanted->string()->substr(1)) != nullptr)
        wanted = &at(row, wanted->string()->substr(1));
      if (wanted->string() != nullptr)
        CHECK(words(text, variant.options) == squeezed(*wanted->string()));
    }
  }
  for (const Value& row : *at(*fuzz, "rows").list()) {
    const std::string& text = *at(row, 0).string();
    CAPTURE(text);
    CHECK(words(text, variants[1].options) == squeezed(*at(row, 4).string()));
    CHECK(words(text, variants[3].options) == squeezed(*at(row, 5).string()));
    CHECK(words(text, {.no_punct = true, .asian_support = true, .case_sensitive = true}) ==
          squeezed(*at(row, 6).string()));
  }
}

TEST_CASE("ter: agrees with sacrebleu") {
  const auto file = text_vectors("ter.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const Value& meta = at(*file, "meta");
  const List& options = *at(meta, "options").list();
  for (std::size_t c = 0; c < options.size(); ++c) {
    CAPTURE(dump_json(options[c]));
    const auto metric = make_metric("ter", dump_json(options[c]));
    for (const Value& row : *at(*file, "rows").list()) {
      const Value& wanted = at(at(row, "edits_reflen"), c);
      if (wanted.is_null()) continue;
      const Segment& segment = segments->at(text_at(row, "id"));
      CAPTURE(segment.id);
      const Measurement result = measure(*metric, segment.hypothesis, segment.references);
      CHECK(result.counts.at(0) == at(wanted, 0).number());
      CHECK(result.counts.at(1) == doctest::Approx(at(wanted, 1).number()).epsilon(1e-11));
      if (c == 0)
        CHECK(*result.values.at(0) == doctest::Approx(at(row, "score").number()).epsilon(1e-11));
    }
  }
  std::map<std::string, SummedCounts> known;
  for (const Value& row : *at(*file, "corpus").list()) {
    CAPTURE(dump_json(row));
    const std::string made =
        dump_json(options.at(static_cast<std::size_t>(at(row, "opt").number())));
    SummedCounts& sums = known.try_emplace(made, "ter", made).first->second;
    std::vector<Segment> corpus = segments->corpus(meta, text_at(row, "c"));
    std::erase_if(corpus, [](const Segment& each) {
      return each.id == "p367" || each.id == "p368";
    });  // not computed
    const std::vector<double> counts = sums.over(corpus);
    CHECK(*sums.metric().corpus(counts).at(0) ==
          doctest::Approx(at(row, "score").number()).epsilon(1e-11));
    CHECK(counts.at(0) == at(row, "edits").number());
    std::string signature = text_at(row, "sig");
    signature.resize(signature.find("|version"));
    CHECK(sums.signature(corpus) == "ter|" + signature + "|version:1");
  }
}

TEST_CASE("ter: the rules of the search apart from one another") {
  const auto file = text_vectors("fuzz.json");
  if (!file) return;
  for (const Value& row : *at(*file, "ter").list()) {
    CAPTURE(dump_json(row));
    const std::vector<std::string> reference = {*at(row, 1).string()};
    CHECK(ter_counts(*at(row, 0).string(), reference, {}).at(0) == at(row, 2).number());
  }
}

TEST_CASE("ter: bit-parallel edit distance equals the table") {
  std::uint32_t state = 7;
  const auto next = [&](std::uint32_t bound) {
    state = state * 1664525 + 1013904223;
    return (state >> 16) % bound;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint32_t> a(next(200)), b(next(200));
    const std::uint32_t kinds = 1 + next(30);
    for (auto& id : a) id = next(kinds);
    for (auto& id : b) id = next(kinds);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 1; j < row.size(); ++j) {
        const std::size_t best =
            std::min({diagonal + (a[i - 1] != b[j - 1]), row[j] + 1, row[j - 1] + 1});
        diagonal = row[j];
        row[j] = best;
      }
    }
    CAPTURE(round);
    CHECK(levenshtein(a, b) == row.back());
  }
}
