// What holds for every metric that compares an output with references, whatever the texts.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

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

TEST_CASE("properties: what was scored before changes nothing") {
  // Metrics of other options, outputs for the same references, more and fewer references: in an
  // order that leaves every kind of thing behind in the thread's memory.
  constexpr std::pair<const char*, const char*> kOptions[] = {
      {"bleu",  ""                                                  },
      {"bleu",  "{lowercase: true, tokenize: char}"                 },
      {"bleu",  "{lowercase: true}"                                 },
      {"rouge", "{variants: [rouge1, rougeL]}"                      },
      {"rouge", "{variants: [rouge2, rougeLsum], use_stemmer: true}"},
      {"rouge", "{variants: [rouge1, rougeL], use_stemmer: true}"   },
      {"chrf",  ""                                                  },
      {"ter",   ""                                                  },
  };
  Random random(11);
  struct Asked {
    std::string output;
    std::vector<std::string> references;
  };
  std::vector<Asked> all;
  for (int i = 0; i < 12; ++i) {
    const std::vector<std::string> references =
        i % 3 == 0 ? std::vector<std::string>{text(random)}
                   : std::vector<std::string>{text(random), text(random) + "\n" + text(random)};
    for (int output = 0; output < 3; ++output) all.push_back({text(random), references});
  }
  const auto scores = [&](const Metric& metric, const Asked& asked) {
    return measure(metric, asked.output, asked.references).values;
  };
  for (const auto& [name, options] : kOptions) {
    const auto metric = make_metric(name, options);
    for (const Asked& asked : all) {
      std::vector<std::optional<double>> alone;
      std::thread([&] { alone = scores(*metric, asked); }).join();  // with no memory of its own
      CHECK(scores(*metric, asked) == alone);
    }
  }
  for (const Asked& asked : all)
    for (const auto& [name, options] : kOptions) {
      const auto metric = make_metric(name, options);
      std::vector<std::optional<double>> alone;
      std::thread([&] { alone = scores(*metric, asked); }).join();
      CHECK(scores(*metric, asked) == alone);
    }
}
