#include <doctest/doctest.h>

#include "tests/unit/evaluators/judge/scripted_asker.h"

using namespace llmops;
using namespace llmops::test;
using doctest::Approx;

TEST_CASE("checklist: the weighted share of yes") {
  const auto metric = make_metric(
      "checklist", "{questions: {\"Is it polite?\": 1, \"Does it name the price?\": 3}}");
  ScriptedAsker asker([](const std::string& text, const Question&) {
    CHECK(text.find("1. Is it polite?\n2. Does it name the price?") != std::string::npos);
    return says(R"({"answers": [{"answer": "no"}, {"answer": "yes"}]})");
  });
  const Measurement measured = judge_one(*metric, asker, a_case("q"), "a");
  CHECK(*measured.values[0] == Approx(0.75));
  CHECK(measured.note == "no: Is it polite?");
}

TEST_CASE("checklist: questions of the case join those of the suite") {
  const auto metric = make_metric("checklist", "{questions: [\"Is it short?\"], field: checks}");
  Case row = a_case("q");
  row.variables.add("checks", List{"Is it blue?", "Is it new?"});
  ScriptedAsker asker(
      [](const std::string&, const Question&) { return says("1. yes\n2. yes\n3. no"); });
  CHECK(*judge_one(*metric, asker, row, "a").values[0] == Approx(2.0 / 3));
  ScriptedAsker short_one([](const std::string&, const Question&) { return says("1. yes"); });
  CHECK(judge_one(*metric, short_one, row, "a").why == "the judge gave 1 answers to 3 questions");
  CHECK(metric_problems("checklist", "{}").find("questions") != std::string::npos);
  CHECK(metric_problems("checklist", "{questions: {a: -1}}").find("expected a number above 0") !=
        std::string::npos);
}
