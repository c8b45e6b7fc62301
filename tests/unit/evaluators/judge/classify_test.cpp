#include <doctest/doctest.h>

#include "tests/unit/evaluators/judge/scripted_asker.h"

using namespace llmops;
using namespace llmops::test;
using doctest::Approx;

TEST_CASE("classify: each label is worth a score") {
  const auto metric =
      make_metric("classify", "{choices: {good: 1, fair: {score: 0.5, means: so so}, poor: 0}}");
  struct Row {
    const char* answer;
    std::optional<double> value;
  };
  const Row rows[] = {
      {R"({"reason": "r", "choice": "good"})", 1.0         },
      {R"({"choice": "Fair"})",                0.5         },
      {R"({"choice": "superb"})",              std::nullopt},
      {"",                                     std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    std::string prompt;
    ScriptedAsker asker([&](const std::string& text, const Question&) {
      prompt = text;
      return says(row.answer);
    });
    const Measurement measured = judge_one(*metric, asker, a_case("q"), "a");
    CHECK(measured.values.at(0) == row.value);
    CHECK(prompt.find("- fair: so so") != std::string::npos);
  }
  CHECK(metric->columns()[0].kind == ScoreKind::bounded);
  CHECK(make_metric("classify", "{choices: {yes: 1, no: 0}}")->columns()[0].kind ==
        ScoreKind::binary);
  CHECK(metric_problems("classify", "{choices: {one: 1}}").find("expected at least two") !=
        std::string::npos);
  CHECK(metric_problems("classify", "{}").find("choices") != std::string::npos);
}

TEST_CASE("classify: several draws are averaged over those that can be read") {
  const auto metric = make_metric("classify", "{choices: {yes: 1, no: 0}, draws: 3}");
  ScriptedAsker asker([](const std::string&, const Question& question) {
    const char* const kAll[] = {"yes", "no", "who knows"};
    return says(std::string(R"({"choice": ")") + kAll[question.request->sample] + "\"}");
  });
  CHECK(*judge_one(*metric, asker, a_case("q"), "a").values[0] == Approx(0.5));
}

TEST_CASE("reference: the judge sees the references, and says how far the answer agrees") {
  const auto metric = make_metric("reference");
  std::string prompt;
  ScriptedAsker asker([&](const std::string& text, const Question&) {
    prompt = text;
    return says(R"({"reason": "half of it", "choice": "partly"})");
  });
  CHECK(*judge_one(*metric, asker, a_case("q", {"Paris", "The city of Paris"}), "P.").values[0] ==
        0.5);
  CHECK(shown(prompt, "reference") == "Paris");
  CHECK(prompt.find("The city of Paris") != std::string::npos);
  CHECK(judge_one(*metric, asker, a_case("q"), "P.").why == "the case has no reference");
}
