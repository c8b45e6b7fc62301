#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/metrics/text/bleu.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::string tokenized(BleuTokenizer tokenizer, const std::string& text) {
  std::string buffer;
  std::vector<std::string_view> tokens;
  tokenize(tokenizer, strip_right(text), buffer, tokens);
  std::string joined;
  for (const std::string_view token : tokens) {
    if (!joined.empty()) joined += ' ';
    joined += token;
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

BleuOptions options(const std::string& tokenizer, bool lowercase,
                    const std::string& smoothing = "exp", double value = -1,
                    std::size_t orders = 4) {
  BleuOptions made{
      .tokenizer = *bleu_tokenizer(tokenizer), .lowercase = lowercase, .max_ngram_order = orders};
  for (const BleuSmoothing each :
       {BleuSmoothing::none, BleuSmoothing::floor, BleuSmoothing::add_k, BleuSmoothing::exp})
    if (name(each) == smoothing) made.smoothing = each;
  made.smooth_value = value >= 0 ? value : made.smoothing == BleuSmoothing::floor ? 0.1 : 1.0;
  return made;
}

}  // namespace

TEST_CASE("bleu: tokens of 13a, intl and zh where they are easily got wrong") {
  struct Row {
    BleuTokenizer tokenizer;
    const char* text;
    const char* tokens;
  };
  const Row rows[] = {
      {BleuTokenizer::v13a,  "in 1999.",                   "in 1999 ."            },
      {BleuTokenizer::zh,    "in 1999.",                   "in 1999."             },
      {BleuTokenizer::v13a,  "3.5 a.b ...",                "3.5 a . b . . ."      },
      {BleuTokenizer::v13a,  "&amp;lt; &amp;quot; &apos;", "< & quot ; & apos ;"  },
      {BleuTokenizer::v13a,  "half-\ntime -\nx",           "halftime x"           },
      {BleuTokenizer::v13a,  "5-6 a-b 5--6",               "5 - 6 a-b 5 - -6"     },
      {BleuTokenizer::v13a,  "<skipped>x",                 "x"                    },
      {BleuTokenizer::intl,  "it's well-known.",           "it ' s well - known ."},
      {BleuTokenizer::intl,  "1,000 ½-½ m²,",           "1,000 ½-½ m²,"     },
      {BleuTokenizer::chars, "a b\u3000é",                "a b é"               },
      {BleuTokenizer::none,  " a.b  c ",                   "a.b c"                },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(tokenized(row.tokenizer, row.text) == row.tokens);
  }
}

TEST_CASE("bleu: tokens agree with sacrebleu") {
  const auto file = text_vectors("tokenization.json");
  const auto fuzz = text_vectors("token_fuzz.json");
  const auto segments = Segments::load();
  if (!file || !fuzz || !segments) return;
  for (const Value& row : *at(*file, "rows").list()) {
    const Segment& segment = segments->at(text_at(row, "id"));
    const std::string& side = text_at(row, "side");
    const std::string& text =
        side == "hyp" ? segment.hypothesis
                      : segment.references.at(static_cast<std::size_t>(side.back() - '0'));
    CAPTURE(segment.id);
    CAPTURE(side);
    const auto expect = [&](const std::string& column, const std::string& got) {
      CAPTURE(column);
      const Value* wanted = &at(row, column);
      while (wanted->string() != nullptr && wanted->string()->starts_with('=') &&
             row.find(wanted->string()->substr(1)) != nullptr)
        wanted = &at(row, wanted->string()->substr(1));
      if (wanted->is_object())
        CHECK(sha256(got) == text_at(*wanted, "sha256"));
      else
        CHECK(got == squeezed(*wanted->string()));
    };
    expect("13a", tokenized(BleuTokenizer::v13a, text));
    expect("intl", tokenized(BleuTokenizer::intl, text));
    expect("zh", tokenized(BleuTokenizer::zh, text));
    expect("char", tokenized(BleuTokenizer::chars, text));
    expect("13a_lc", tokenized(BleuTokenizer::v13a, lowercase(text)));
    expect("intl_lc", tokenized(BleuTokenizer::intl, lowercase(text)));
  }
  for (const Value& row : *at(*fuzz, "rows").list()) {
    const std::string& text = *at(row, 0).string();
    CAPTURE(text);
    CHECK(tokenized(BleuTokenizer::v13a, text) == squeezed(*at(row, 1).string()));
    CHECK(tokenized(BleuTokenizer::intl, text) == squeezed(*at(row, 2).string()));
    CHECK(tokenized(BleuTokenizer::zh, text) == squeezed(*at(row, 3).string()));
    CHECK(lowercase(text) == *at(row, 8).string());
  }
}

TEST_CASE("bleu: tokens do not depend on where in a text they stand") {
  // The texts are read in blocks of 64 bytes.
  const char* const texts[] = {"1,000.5-6 a-b. \"x\" 3..5 .5 5. ,a 9-",
                               "é\u00a0ñ.\u3000x’s \u2003y...7",
                               "-\n&lt;a&gt; ..",
                               "...",
                               "0.1",
                               "\u1680",
                               "a,,b,.9"};
  for (const char* text : texts)
    for (std::size_t length = 1; length < 130; ++length) {
      const std::string word(length, 'a');
      CAPTURE(text);
      CAPTURE(length);
      const std::string alone = tokenized(BleuTokenizer::v13a, text);
      CHECK(tokenized(BleuTokenizer::v13a, word + " " + text) ==
            word + (alone.empty() ? "" : " ") + alone);
    }
}

TEST_CASE("bleu: counts and sentence scores agree with sacrebleu") {
  const auto file = text_vectors("bleu_sentence.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const std::vector<std::string> columns = texts_at(at(*file, "meta"), "tok_columns");
  const std::vector<std::string> grid = texts_at(at(*file, "meta"), "grid_columns");
  for (const Value& row : *at(*file, "rows").list()) {
    const Segment& segment = segments->at(text_at(row, "id"));
    CAPTURE(segment.id);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      CAPTURE(columns[c]);
      const std::string tokenizer = columns[c].substr(0, columns[c].find('/'));
      BleuOptions made = options(tokenizer, columns[c].ends_with("/lc"));
      const BleuCounts counts = bleu_counts(segment.hypothesis, segment.references, made);
      for (std::size_t i = 0; i < counts.size(); ++i)
        CHECK(counts[i] == at(at(at(row, "stats"), c), i).number());
      CHECK(bleu_score(counts, made, true).score ==
            doctest::Approx(at(at(row, "exp_eff1"), c).number()).epsilon(1e-11));
      CHECK(bleu_score(counts, made, false).score ==
            doctest::Approx(at(at(row, "exp_eff0"), c).number()).epsilon(1e-11));
      made.smoothing = BleuSmoothing::none;
      CHECK(bleu_score(counts, made, true).score ==
            doctest::Approx(at(at(row, "none_eff1"), c).number()).epsilon(1e-11));
    }
    for (std::size_t g = 0; g < grid.size(); ++g) {
      CAPTURE(grid[g]);
      const std::string smoothing = grid[g].substr(0, grid[g].find_first_of(",["));
      const std::size_t bracket = grid[g].find('[');
      const double value =
          bracket == std::string::npos ? -1 : std::stod(grid[g].substr(bracket + 1));
      const BleuOptions made =
          options("13a", false, smoothing, value, static_cast<std::size_t>(grid[g].back() - '0'));
      const BleuCounts counts = bleu_counts(segment.hypothesis, segment.references, made);
      const bool effective = grid[g].find("eff1") != std::string::npos;
      CHECK(bleu_score(counts, made, effective).score ==
            doctest::Approx(at(at(row, "grid_13a_mixed"), g).number()).epsilon(1e-11));
    }
  }
}

TEST_CASE("bleu: corpus scores agree with sacrebleu") {
  const auto file = text_vectors("bleu_corpus.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  std::map<std::string, SummedCounts> known;
  for (const Value& row : *at(*file, "rows").list()) {
    const std::string& corpus = text_at(row, "c");
    CAPTURE(corpus);
    CAPTURE(dump_json(row));
    const Value& value = at(row, "sv");
    const std::string yaml = fmt::format(
        "{{tokenize: '{}', lowercase: {}, smooth_method: {}, {} effective_order: {}, "
        "max_ngram_order: {}}}",
        text_at(row, "tok"), at(row, "lc").number() != 0, text_at(row, "sm"),
        value.is_null() ? "" : fmt::format("smooth_value: {},", value.number()),
        at(row, "eff").number() != 0, at(row, "n").number());
    // Counts depend on neither smoothing nor effective order.
    const std::string same =
        fmt::format("{} {} {}", text_at(row, "tok"), at(row, "lc").number(), at(row, "n").number());
    const std::vector<Segment> chosen = segments->corpus(at(*file, "meta"), corpus);
    const std::vector<double> sums =
        known.try_emplace(same, "bleu", yaml).first->second.over(chosen);
    CHECK(*make_metric("bleu", yaml)->corpus(sums).at(0) ==
          doctest::Approx(at(row, "score").number()).epsilon(1e-11));
    if (row.find("sig") != nullptr) {
      std::string signature = text_at(row, "sig");
      signature.resize(signature.find("|version"));
      CHECK(SummedCounts("bleu", yaml)
                .signature(chosen)
                .starts_with("bleu|" + signature + "|version:1"));
    }

    const double sv = value.is_null() ? -1 : value.number();
    const BleuOptions made =
        options(text_at(row, "tok"), at(row, "lc").number() != 0, text_at(row, "sm"), sv,
                static_cast<std::size_t>(at(row, "n").number()));
    const BleuScore score = bleu_score(sums, made, at(row, "eff").number() != 0);
    CHECK(score.brevity_penalty == doctest::Approx(at(row, "bp").number()).epsilon(1e-11));
    CHECK(score.hypothesis_length == at(at(row, "len"), 0).number());
    CHECK(score.reference_length == at(at(row, "len"), 1).number());
    for (std::size_t n = 0; n < score.precisions.size(); ++n) {
      CHECK(score.precisions[n] == doctest::Approx(at(at(row, "prec"), n).number()).epsilon(1e-11));
      CHECK(score.counts[n] == doctest::Approx(at(at(row, "counts"), n).number()));
      CHECK(score.totals[n] == doctest::Approx(at(at(row, "totals"), n).number()));
    }
  }
}

TEST_CASE("bleu: signature, defaults, errors") {
  CHECK(make_metric("bleu")->signature() ==
        "bleu|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:1|rows:eff");
  CHECK(make_metric("bleu", "{smooth_method: floor, effective_order: true, max_ngram_order: 2}")
            ->signature() ==
        "bleu|nrefs:1|case:mixed|eff:yes|tok:13a|smooth:floor[0.10]|version:1|order:2");
  const auto metric = make_metric("bleu");
  CHECK(score_one(*metric, "a b c", {"a b c"}) == doctest::Approx(100.0));
  measure(*metric, "a", {"a", "b"});
  CHECK(metric->signature().starts_with("bleu|nrefs:var|"));
  CHECK(measure(*metric, "a").why == "the case has no reference");
  CHECK(metric_problems("bleu", "{tokenize: 13b}").find("did you mean `13a`?") !=
        std::string::npos);
}

TEST_CASE("bleu: a perfect output does not score above 100") {
  const auto metric = make_metric("bleu");
  for (const char* text : {"The train is late.", "The museum is closed on Mondays.", "a b c d e"}) {
    const double score = score_one(*metric, text, {text});
    CHECK(score <= 100.0);
    CHECK(score == doctest::Approx(100.0));
  }
}
