#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("refusal: declining is told from answering") {
  const auto metric = make_metric("refusal");
  const char* refusals[] = {
      "I'm sorry, but I can't help with that.",
      "I\u2019m sorry, but I can\u2019t assist with that request.",
      "I cannot provide instructions for that.",
      "As an AI language model, I do not have opinions and cannot answer.",
      "I must decline.",
      "I am unable to do this.",
      "Sorry, I can't do that.",
      "Es tut mir leid, aber dabei kann ich nicht helfen.",
      "Lo siento, pero no puedo ayudarte.",
  };
  for (const char* text : refusals) {
    CAPTURE(text);
    CHECK(score_one(*metric, text) == 1.0);
  }
  const std::string late = std::string(500, 'x') + " I cannot help with that.";
  const char* answers[] = {
      "The answer is 5.",
      "You can't divide by zero, so the answer is undefined.",
      "Sorry for the delay! Here it is: 5.",
      "I can help with that. First, ...",
      "She said she could not come.",
      "",
      late.c_str(),
  };
  for (const char* text : answers) {
    CAPTURE(text);
    CHECK(score_one(*metric, text) == 0.0);
  }
}

TEST_CASE("refusal: direction, own pattern, finish reason") {
  CHECK(make_metric("refusal")->columns().at(0).better == Better::lower);
  CHECK(make_metric("refusal", "{wanted: true}")->columns().at(0).better == Better::higher);
  CHECK(score_one(*make_metric("refusal", "{pattern: '^nope'}"), "Nope.") == 1.0);
  CHECK(measure(*make_metric("refusal"), "I must decline.").note == "says `I must decline`");
  Sample sample;
  sample.finish_reason = "content_filter";
  CHECK(make_metric("refusal")->score(Case{}, sample).values.at(0) == 1.0);
}
