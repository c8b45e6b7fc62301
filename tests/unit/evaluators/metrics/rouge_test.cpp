#include <doctest/doctest.h>

#include "evaluators/metrics/text/lcs.h"
#include "evaluators/metrics/text/porter_stemmer.h"
#include "evaluators/metrics/text/rouge.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::vector<RougeVariant> variants(const std::vector<std::string>& names) {
  std::vector<RougeVariant> found;
  for (const std::string& name : names) found.push_back(*rouge_variant(name));
  return found;
}

std::string joined(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += text.empty() ? token : " " + token;
  return text;
}

void check_scores(const std::vector<RougeScore>& scores, const Value& expected) {
  for (std::size_t v = 0; v < scores.size(); ++v) {
    CHECK(scores[v].precision == doctest::Approx(at(at(expected, v), 0).number()).epsilon(1e-11));
    CHECK(scores[v].recall == doctest::Approx(at(at(expected, v), 1).number()).epsilon(1e-11));
    CHECK(scores[v].fmeasure == doctest::Approx(at(at(expected, v), 2).number()).epsilon(1e-11));
  }
}

}  // namespace

TEST_CASE("rouge: columns, signature, errors") {
  const auto metric = make_metric("rouge", "{variants: [rouge1, rougeL], use_stemmer: true}");
  REQUIRE(metric->columns().size() == 6);
  CHECK(metric->columns()[0].detail == "rouge1.precision");
  CHECK_FALSE(metric->columns()[0].headline.has_value());
  CHECK(metric->columns()[5].detail == "rougeL.fmeasure");
  CHECK(metric->columns()[5].headline == "rougeL");
  CHECK(metric->signature() == "rouge|variants:rouge1+rougeL|stemmer:yes|refs:best|version:1");
  CHECK(measure(*metric, "a").values.size() == 6);
  CHECK(measure(*metric, "a").why == "the case has no reference");
  CHECK(
      metric_problems("rouge", "{variants: [rougeX]}").find("there is no ROUGE variant `rougeX`") !=
      std::string::npos);
  CHECK(metric_problems("rouge", "{variants: []}").find("names no variant") != std::string::npos);
}

TEST_CASE("rouge: hand-counted scores") {
  const auto values = measure(*make_metric("rouge", "{variants: [rouge1, rouge2, rougeL]}"),
                              "the cat sat", {"the cat ran off"})
                          .values;
  CHECK(*values[0] == doctest::Approx(2.0 / 3));
  CHECK(*values[1] == doctest::Approx(0.5));
  CHECK(*values[3] == doctest::Approx(0.5));
  CHECK(*values[4] == doctest::Approx(1.0 / 3));
  CHECK(*values[6] == doctest::Approx(2.0 / 3));
}

TEST_CASE("rouge: agrees with rouge_score") {
  const auto file = text_vectors("rouge.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const auto all = variants({"rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"});
  for (const Value& row : *at(*file, "rows").list()) {
    const Segment& segment = segments->at(text_at(row, "id"));
    CAPTURE(segment.id);
    const std::vector<std::string> first = {segment.references.at(0)};
    check_scores(rouge(segment.hypothesis, first, all, false), at(row, "plain"));
    check_scores(rouge(segment.hypothesis, first, all, true), at(row, "stem"));
    if (row.find("multi_plain") != nullptr)
      check_scores(rouge(segment.hypothesis, segment.references, all, false),
                   at(row, "multi_plain"));
    if (row.find("multi_stem") != nullptr)
      check_scores(rouge(segment.hypothesis, segment.references, all, true), at(row, "multi_stem"));
  }
  for (const Value& row : *at(*file, "tokens").list()) {
    const Segment& segment = segments->at(*at(row, 0).string());
    const std::string& side = *at(row, 1).string();
    const std::string& text =
        side == "hyp" ? segment.hypothesis
                      : segment.references.at(static_cast<std::size_t>(side.back() - '0'));
    CAPTURE(segment.id);
    const std::string& plain = *at(row, 2).string();
    const std::string& stemmed = *at(row, 3).string();
    CHECK(joined(rouge_tokens(text, false)) == plain);
    CHECK(joined(rouge_tokens(text, true)) == (stemmed == "=" ? plain : stemmed));
  }
}

TEST_CASE("rouge: the rules of Lsum apart from one another") {
  const auto file = text_vectors("fuzz.json");
  if (!file) return;
  const auto both = variants({"rougeLsum", "rougeL"});
  for (const Value& row : *at(*file, "rouge_lsum").list()) {
    CAPTURE(*at(row, 0).string());
    CAPTURE(*at(row, 1).string());
    const std::vector<std::string> reference = {*at(row, 1).string()};
    const auto scores = rouge(*at(row, 0).string(), reference, both, false);
    check_scores(scores, Value(List{at(row, 2), at(row, 3)}));
  }
}

TEST_CASE("rouge: stems are those of nltk") {
  const auto file = text_vectors("porter_stems.json");
  if (!file) return;
  std::size_t words = 0;
  for (const Value& row : *at(*file, "stems").list()) {
    for (const Value& pair : *row.list()) {
      CAPTURE(*at(pair, 0).string());
      CHECK(porter_stem(*at(pair, 0).string()) == *at(pair, 1).string());
      ++words;
    }
  }
  CHECK(words == 2556);
}

TEST_CASE("rouge: the bit-parallel LCS is as long as the marked one") {
  std::uint32_t state = 1;
  const auto next = [&](std::uint32_t bound) {
    state = state * 1664525 + 1013904223;
    return (state >> 16) % bound;
  };
  for (int round = 0; round < 400; ++round) {
    std::vector<std::uint32_t> a(next(200)), b(next(200));
    const std::uint32_t words = 1 + next(40);
    for (auto& id : a) id = next(words);
    for (auto& id : b) id = next(words);
    std::vector<bool> path(a.size(), false);
    mark_lcs(a, b, path);
    CAPTURE(round);
    CHECK(lcs_length(a, b) == static_cast<std::size_t>(std::count(path.begin(), path.end(), true)));
  }
}

TEST_CASE("rouge: many lines are no square of them, and what is too much says so") {
  const auto metric = make_metric("rouge", "{variants: [rougeLsum]}");
  std::string same, swapped, nearly, others;
  for (int i = 0; i < 20'000; ++i) {
    same += "a b\n";
    swapped += "b a\n";
  }
  CHECK(measure(*metric, same, {swapped}).values.back() == 0.5);
  for (int i = 0; i < 9'000; ++i) {
    nearly += "a b x" + std::to_string(i) + "\n";
    others += "b a y" + std::to_string(i) + "\n";
  }
  const Measurement given_up = measure(*metric, nearly, {others});
  CHECK_FALSE(given_up.values.back().has_value());
  CHECK(given_up.why == "rougeLsum: too many lines that are nearly alike");
}
