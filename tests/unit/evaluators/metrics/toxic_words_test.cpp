#include <doctest/doctest.h>

#include <algorithm>

#include "evaluators/metrics/text/word_lists.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("toxic_words: the list, its endings and disguises") {
  const auto metric = make_metric("toxic_words");
  const char* toxic[] = {
      "You idiot.",
      "What a load of bullshit!",
      "IDIOTS, all of them",
      "sh1t happens",
      "fuuuuck",
      "f*ck this",
      "What the fucking hell",
      "You are pathetic.",
      "He was shitting us",
      "go kill yourself",
      "I will find and hurt you",
      "I'm going to kill you",
      "You should die.",
  };
  for (const char* text : toxic) {
    CAPTURE(text);
    CHECK(measure(*metric, text).values.at(0) == 1.0);
  }
  const char* clean[] = {
      "Scunthorpe is a town in Essex.",
      "The assessment of the class was passed.",
      "Kill the process with kill -9.",
      "Titmice and cockatoos are birds.",
      "Stupor is a state.",
      "The grass is green.",
      "2 ** 4 = 16",
      "password: ****",
      "a*b",
      "",
      "idi",
      "Dickens wrote it.",
      "They died in 1805.",
      "A 5hort text w1th d1g1ts",
  };
  for (const char* text : clean) {
    CAPTURE(text);
    CHECK(measure(*metric, text).note == "");
    CHECK(measure(*metric, text).values.at(0) == 0.0);
  }
}

TEST_CASE("toxic_words: categories, own words, what is allowed") {
  const std::string text = "Damn, you idiot!";
  CHECK(measure(*make_metric("toxic_words"), text).values.at(1) == 2.0);
  CHECK(measure(*make_metric("toxic_words"), text).note == "`Damn` (profanity), `idiot` (insult)");
  CHECK(measure(*make_metric("toxic_words", "{categories: insult}"), text).values.at(1) == 1.0);
  CHECK(measure(*make_metric("toxic_words", "{allow: damn}"), text).values.at(1) == 1.0);
  CHECK(measure(*make_metric("toxic_words", "{words: [competitor inc]}"), "ask Competitor Inc.")
            .note == "`Competitor Inc` (own)");
  const std::string problem = metric_problems("toxic_words", "{categories: insults}");
  CHECK(problem.find("did you mean `insult`") != std::string::npos);
}

TEST_CASE("toxic_words: a text of one endless word is read in linear time and yields little") {
  const std::string long_word(2'000'000, 'a');
  CHECK(find_toxic(long_word).empty());
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "damn ";
  CHECK(find_toxic(many).size() == 1000);
}
