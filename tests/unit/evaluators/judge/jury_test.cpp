#include <doctest/doctest.h>

#include "tests/unit/evaluators/judge/scripted_asker.h"

using namespace llmops;
using namespace llmops::test;
using doctest::Approx;

namespace {

// Three judges of the same kind; each grades as its model's place says.
std::string three(const std::string& more) {
  return "{judge: {rubric: {criteria: c, steps: none}}, models: [{provider: openai, name: a}, "
         "{provider: openai, name: b}, {provider: openai, name: d}]" +
         more + "}";
}

ScriptedAsker grades(std::vector<std::string> by_model) {
  return ScriptedAsker(
      [by_model = std::move(by_model)](const std::string&, const Question& question) {
        return says("{\"score\": " + by_model.at(question.model) + "}");
      });
}

}  // namespace

TEST_CASE("jury: what several judges come to") {
  struct Row {
    const char* options;
    std::vector<std::string> grades;
    double value, disagreement;
  };
  const Row rows[] = {
      {"",                   {"1", "3", "5"}, 0.5,  1  },
      {", reduce: median",   {"1", "5", "5"}, 1,    1  },
      {", reduce: majority", {"2", "4", "2"}, 0.25, 0.5},
      {", reduce: majority", {"1", "3", "5"}, 0.5,  1  }, // all tied: their median
      {"",                   {"4", "4", "4"}, 0.75, 0  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.options);
    const auto metric = make_metric("jury", three(row.options));
    ScriptedAsker asker = grades(row.grades);
    const Measurement measured = judge_one(*metric, asker, a_case("q"), "a");
    CHECK(asker.asked.size() == 3);
    CHECK(measured.values[0] == Approx(row.value));
    CHECK(measured.values[1] == Approx(row.disagreement));
  }
}

TEST_CASE("jury: of different judges, weighted; one that fails leaves the case unscored") {
  const auto metric = make_metric(
      "jury",
      "{judges: [{rubric: {criteria: c, steps: none, weight: 3}}, {pairwise: {against: {column: "
      "other}, weight: 1}}, {classify: {choices: {yes: 1, no: 0}, weight: 0}}], reduce: weighted}");
  Case row = a_case("q");
  row.variables.add("other", "o");
  bool broken = false;
  ScriptedAsker asker([&](const std::string& text, const Question& question) {
    if (question.model == 0) return says(R"({"score": 5})");
    if (question.model == 2) return says(broken ? "?" : R"({"choice": "no"})");
    return says(shown(text, "first_answer") == "mine" ? R"({"choice": "second"})"
                                                      : R"({"choice": "first"})");
  });
  CHECK(judge_one(*metric, asker, row, "mine").values[0] == Approx(0.75));
  CHECK(asker.asked.size() == 4);
  broken = true;
  const Measurement measured = judge_one(*metric, asker, row, "mine");
  CHECK_FALSE(measured.values[0]);
  CHECK(measured.why.find("no choice is found") != std::string::npos);
}

TEST_CASE("jury: its signature names every judge") {
  const auto metric = make_metric("jury", three(""));
  auto& wishes = asks_models(metric.get())->wishes();
  REQUIRE(wishes.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    wishes[i].identity = Object{
        {"provider", "openai"},
        {"name",     name    }
    };
  }
  for (const char* who : {"a@openai", "b@openai", "c@openai"})
    CHECK(metric->signature().find(who) != std::string::npos);
  CHECK(metric_problems("jury", "{judges: [rubric]}").find("criteria") != std::string::npos);
  CHECK(metric_problems("jury", "{judges: [{rubric: {criteria: c}}]}").find("fewer than two") !=
        std::string::npos);
  CHECK(metric_problems("jury", "{judges: [exact_match, bleu]}").find("is no judge") !=
        std::string::npos);
}
