#include <doctest/doctest.h>

#include <cstdio>

#include "evaluators/metrics/text/meteor.h"
#include "evaluators/metrics/text/porter_stemmer.h"
#include "evaluators/metrics/text/wordnet.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("meteor: matches and their order") {
  struct Row {
    const char* why;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",          "a b c",        {"a b c"},   1 - 0.5 / 27},
      {"by stem",        "running dogs", {"run dog"}, 1 - 0.5 / 8 },
      {"scattered",      "c b a",        {"a b c"},   0.5         },
      {"nothing shared", "x",            {"a"},       0.0         },
      {"nothing said",   "",             {"a"},       0.0         },
      {"best reference", "a",            {"x", "a"},  0.5         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("meteor", "{wordnet: false}"), row.output, row.references) ==
          doctest::Approx(row.score));
  }
  CHECK(measure(*make_metric("meteor"), "a").why == "the case has no reference");
}

TEST_CASE("meteor: agrees with nltk without its WordNet stage") {
  const auto file = text_vectors("meteor.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const auto usual = make_metric("meteor", "{wordnet: false}");
  const auto other = make_metric("meteor", "{wordnet: false, alpha: 0.85, beta: 0.2, gamma: 0.6}");
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

namespace {

// A database of a few words, in WordNet's own layout: a synset {car, auto}, a verb, an exception.
void write_small_wordnet(const TemporaryFolder& folder) {
  const std::string licence = "  1 licence\n  2 of it..\n";
  const auto write = [&](const std::string& part, const std::string& index, const std::string& data,
                         const std::string& exceptions) {
    folder.write("index." + part, licence + index);
    folder.write("data." + part, licence + data);
    folder.write(part + ".exc", exceptions);
  };
  // Synsets are named by where their lines begin: behind the 24 bytes of the licence.
  write("noun", "auto n 1 1 @ 1 0 00000024\ncar n 1 1 @ 1 0 00000024\nmouse n 1 0 1 0 00000093\n",
        "00000024 06 n 03 car 0 auto 0 motor_car 0 001 @ 00000093 n | x      \n"
        "00000093 05 n 02 mouse 0 Mickey(p) 0 000 | y\n",
        "mice mouse\n");
  write("verb", "", "", "");
  write("adj", "", "", "");
  write("adv", "", "", "");
}

}  // namespace

TEST_CASE("meteor: synonyms of a database") {
  const TemporaryFolder folder;
  write_small_wordnet(folder);
  const auto opened = WordNet::open(folder.path());
  REQUIRE(opened);
  const WordNet& wordnet = **opened;
  CHECK(wordnet.synonyms("cars") == std::vector<std::string>{"auto", "car"});
  CHECK(wordnet.synonyms("auto") == std::vector<std::string>{"auto", "car"});
  CHECK(wordnet.synonyms("mice") == std::vector<std::string>{"Mickey", "mouse"});
  for (const char* word : {"", "ca", "card", "zebra", "  1", "eseseseseseseseseseseses"})
    CHECK(wordnet.synonyms(word).empty());

  const auto metric = make_metric("meteor", "{wordnet: " + folder.path().string() + "}");
  CHECK(score_one(*metric, "a car", {"an auto"}) == doctest::Approx(0.25));
  CHECK(metric->signature().find("exact+stem+wordnet") != std::string::npos);
  CHECK(score_one(*make_metric("meteor", "{wordnet: false}"), "a car", {"an auto"}) == 0.0);
  CHECK(metric_problems("meteor", "{wordnet: /nowhere}").find("wordnet-base") != std::string::npos);
}

TEST_CASE("meteor: agrees with nltk with WordNet") {
  const auto file = text_vectors("meteor.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  if (!WordNet::open(WordNet::kUsualFolder)) {
    std::printf("[skipped] no WordNet database in %s\n", WordNet::kUsualFolder);
    return;
  }
  const auto metric = make_metric("meteor", "{wordnet: true}");
  for (const Value& row : *at(*file, "rows").list()) {
    const Segment& segment = segments->at(*at(row, 0).string());
    CAPTURE(segment.id);
    CHECK(score_one(*metric, segment.hypothesis, segment.references) ==
          doctest::Approx(at(row, 1).number()).epsilon(1e-11));
  }
}
