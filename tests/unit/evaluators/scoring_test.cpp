#include "evaluators/scoring.h"

#include <doctest/doctest.h>

#include "datasets/text/yaml.h"

using namespace llmops;

namespace {

struct Read {
  std::vector<Evaluator> evaluators;
  std::string problems;
};

Read read(const std::string& yaml) {
  const Source source("s.yaml", yaml);
  const Result<Value> value = parse_yaml(source);
  REQUIRE(value);
  Diagnostics problems;
  Read read{.evaluators = read_evaluators(*value, source, problems), .problems = ""};
  read.problems = render(problems);
  return read;
}

Case row_with(const char* reference) {
  Case row;
  row.id = "a";
  if (reference != nullptr) row.references = {reference};
  return row;
}

Sample saying(const char* text) {
  Sample sample;
  sample.text = text;
  return sample;
}

}  // namespace

TEST_CASE("scoring: `as`, `not` and `min` surround any metric") {
  const Read found = read(
      "- exact_match\n"
      "- exact_match: {as: differs, not: true}\n"
      "- exact_match: {as: enough, min: 0.5}\n");
  REQUIRE(found.problems.empty());
  const Scores scores = score(found.evaluators, row_with("yes"), saying("yes"));
  CHECK(scores.values == std::vector<std::optional<double>>{1.0, 0.0, 1.0});
  CHECK(found.evaluators[1].measures[0].name == "differs");
  CHECK(found.evaluators[1].measures[0].signature ==
        found.evaluators[0].measures[0].signature + "|not:yes");
}

TEST_CASE("scoring: what cannot be scored is no number") {
  const Read found = read("- exact_match\n");
  const Scores without = score(found.evaluators, row_with(nullptr), saying("yes"));
  CHECK(without.values == std::vector<std::optional<double>>{std::nullopt});
  CHECK(without.notes[0].second == "the case has no reference");
  Sample failed;
  failed.error = {ErrorClass::reset, "cut"};
  CHECK(score(found.evaluators, row_with("yes"), failed).values ==
        std::vector<std::optional<double>>{std::nullopt});
}

TEST_CASE("scoring: every problem of the list has its place") {
  CHECK(read("- exact_mach\n").problems.find("s.yaml:1:3: error: unknown evaluator `exact_mach`") ==
        0);
  CHECK(read("- exact_mach\n").problems.find("did you mean `exact_match`?") != std::string::npos);
  CHECK(read("- exact_match\n- exact_match\n").problems ==
        "s.yaml:2:3: error: a second evaluator gives `exact_match`\n"
        " 2 | - exact_match\n"
        "   |   ^\n"
        "  = help: name one of them with `as:`\n");
  CHECK(read("- exact_match: {nott: true}\n").problems.find("did you mean `not`?") !=
        std::string::npos);
  CHECK(read("exact_match: 1\n").problems.find("expected a list of evaluator names") !=
        std::string::npos);
}

TEST_CASE("scoring: weights make a score, and a part that is unscored leaves none") {
  const Read found = read(
      "- exact_match: {weight: 3}\n"
      "- exact_match: {as: differs, not: true}\n");
  REQUIRE(found.problems.empty());
  const std::vector<Measure> measures = measures_of(found.evaluators);
  REQUIRE(measures.size() == 3);
  CHECK(measures[2].name == "score");
  CHECK(measures[2].signature == "score|version:1|exact_match:3|differs:1");
  CHECK(score(found.evaluators, row_with("yes"), saying("yes")).values[2] == 0.75);
  CHECK(score(found.evaluators, row_with("yes"), saying("no")).values[2] == 0.25);
  CHECK(score(found.evaluators, row_with(nullptr), saying("no")).values[2] == std::nullopt);
  CHECK(read("- exact_match: {as: score}\n").problems.find("a second evaluator gives `score`") !=
        std::string::npos);
}

TEST_CASE("scoring: `reduce` makes further measures; a vote keeps what each sample says") {
  const Read found = read(
      "- exact_match: {reduce: [mean, vote, pass@2, vote]}\n"
      "- length\n");
  REQUIRE(found.problems.empty());
  const Evaluator& evaluator = found.evaluators[0];
  REQUIRE(evaluator.measures.size() == 3);
  CHECK(evaluator.measures[1].name == "exact_match.vote");
  CHECK(evaluator.measures[2].name == "exact_match.pass@2");
  CHECK(evaluator.measures[2].reduce == "pass@2");
  const Scores scores = score(found.evaluators, row_with("yes"), saying(" yes "));
  CHECK(scores.values.size() == 3 + 2);
  for (int i = 0; i < 3; ++i) CHECK(scores.values[static_cast<std::size_t>(i)] == 1.0);
  CHECK(scores.notes.at(0) == std::pair<std::string, std::string>("exact_match.vote", "yes"));
}

TEST_CASE("scoring: a reducer that does not fit is refused") {
  CHECK(read("- rouge: {variants: [rougeL], reduce: pass@2}\n")
            .problems.find("`pass@2` counts samples that pass, and `rouge.rougeL` is no pass/fail "
                           "score") != std::string::npos);
  CHECK(read("- rouge: {variants: [rougeL], min: 0.5, reduce: pass@2}\n").problems.empty());
  CHECK(read("- exact_match: {reduce: median}\n").problems.find("`median` reduces nothing") !=
        std::string::npos);
  CHECK(read("- exact_match@ragas\n").problems.find("`exact_match` has no variants") !=
        std::string::npos);
}

TEST_CASE("scoring: the weighted mean takes each score once, however it is reduced") {
  const Read plain = read("- exact_match: {weight: 1}\n- contains: {any: [x], weight: 3}\n");
  const Read more =
      read("- exact_match: {weight: 1, reduce: [vote, best]}\n- contains: {any: [x], weight: 3}\n");
  REQUIRE(more.problems.empty());
  const auto last = [](const Read& read) {
    return score(read.evaluators, row_with("yes"), saying("yes")).values.back();
  };
  CHECK(last(plain) == 0.25);
  CHECK(last(more) == 0.25);
}
