// What holds for every metric that compares an output with references, whatever the texts.
#include <doctest/doctest.h>

#include <algorithm>

#include "datasets/random.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

namespace {

struct Property {
  const char* name;
  const char* options;
  double best;         // of a text against itself
  bool lower = false;  // lower is better
};

constexpr Property kMetrics[] = {
    {"exact_match",      "",                                                                   1  },
    {"normalized_match", "",                                                                   1  },
    {"token_f1",         "",                                                                   1  },
    {"rouge",            "{variants: [rouge1, rouge2, rougeL, rougeLsum], use_stemmer: true}", 1  },
    {"bleu",             "",                                                                   100},
    {"chrf",             "{word_order: 2}",                                                    100},
    {"ter",              "",                                                                   0,   true},
    {"gleu",                  "",                                                                                 1                                                                },
    {"squad_em",                  "",                                                                             1},
    {"squad_f1",                  "",                                                                             1                                                                },
    {"levenshtein",                  "",                                                                          1},
    {"indel",                  "",                                                                                1                                                                      },
    {"wer",                  "",                                                                                  0,true},
    {"cer",              "",                                                                                  0,                                                                                      true},
    {"jaccard",                 "",1},
    {"cosine","",                                                                    1                                                                                                                                                         },
    {"prefix",                 "",                 1},
    {"suffix","",                                                   1                                                                                                                                                                                           },
};

// The first number that rules may name: precision and recall of rouge follow the reference with the
// best F, the first of several.
double headline(const Metric& metric, const std::string& output,
                const std::vector<std::string>& references) {
  const Measurement found = measure(metric, output, references);
  const auto& columns = metric.columns();
  const auto first = std::ranges::find_if(
      columns, [](const Column& column) { return column.headline.has_value(); });
  return found.values.at(static_cast<std::size_t>(first - columns.begin())).value();
}

std::string text(Random& random) {
  constexpr const char* kWords[] = {"the", "cat", "sat",   "on",   "mat.", "Two",   "dogs,",
                                    "ran", "by",  "naïve", "日本", "3.5",  "zebra", "quietly"};
  std::string made;
  const std::uint64_t words = 5 + random.below(12);
  for (std::uint64_t i = 0; i < words; ++i)
    made += std::string(i > 0 ? " " : "") + kWords[random.below(std::size(kWords))];
  return made;
}

}  // namespace

TEST_CASE("properties: a text against itself, more references, their order") {
  Random random(23);
  for (const Property& property : kMetrics) {
    CAPTURE(property.name);
    const auto metric = make_metric(property.name, property.options);
    for (int round = 0; round < 40; ++round) {
      const std::string output = text(random);
      std::vector<std::string> references = {text(random), text(random), text(random)};
      CAPTURE(output);
      CHECK(headline(*metric, output, {output}) == doctest::Approx(property.best));
      const double score = headline(*metric, output, references);
      std::vector<std::string> turned(references.rbegin(), references.rend());
      CHECK(headline(*metric, output, turned) == doctest::Approx(score));
      references.push_back(output);
      const double more = headline(*metric, output, references);
      CHECK((property.lower ? more <= score + 1e-9 : more >= score - 1e-9));
      for (const Column& column : metric->columns()) CHECK(score <= column.range.high);
    }
  }
}
