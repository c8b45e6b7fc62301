// MT-bench: single answers, second turns.
#include "evaluators/judge/conversation.h"

#include <doctest/doctest.h>

#include "tests/unit/evaluators/judge/scripted_asker.h"

using namespace llmops;
using namespace llmops::test;
using doctest::Approx;

namespace {

Value message(const char* role, const char* content) {
  return Object{
      {"role",    role   },
      {"content", content}
  };
}

Case second_turn() {
  Case row = a_case("And why?");
  row.variables.add("turns", List{message("user", "Is it so?"), message("assistant", "Yes.")});
  row.variables.add("their_turns", List{"Is it so?", "Perhaps."});
  row.variables.add("other", "Who knows.");
  return row;
}

}  // namespace

TEST_CASE("conversation: messages and plain texts") {
  const Case row = second_turn();
  CHECK(*earlier_turns(row, "turns") == "user: Is it so?\n\nassistant: Yes.");
  CHECK(*earlier_turns(row, "their_turns") == "user: Is it so?\n\nassistant: Perhaps.");
  Case parts = row;
  parts.variables.set(
      "turns", List{
                   Object{{"from", "human"},
                          {"value", List{Object{{"text", "Look"}}, Object{{"text", "here"}}}}}
  });
  CHECK(*earlier_turns(parts, "turns") == "user: Look\nhere");
  CHECK_FALSE(earlier_turns(row, "question"));  // no list
  CHECK_FALSE(earlier_turns(row, "nowhere"));
}

TEST_CASE("conversation: MT-bench rates one answer from 1 to 10, a reference where there is one") {
  const auto metric = make_metric("rubric", "{preset: mt_bench}");
  CHECK(metric->signature().find("scale:1-10") != std::string::npos);
  CHECK(metric->signature().find("reference:where given") != std::string::npos);
  struct Row {
    const char* why;
    const char* says;
    std::optional<double> value;
  };
  const Row rows[] = {
      {"double brackets", "Helpful. Rating: [[10]]", 1.0         },
      {"single brackets", "Fair. Rating: [4]",       3.0 / 9     },
      {"half points",     "Rating: [[5.5]]",         0.5         },
      {"off the scale",   "Rating: [[0]]",           std::nullopt},
      {"no rating",       "It is a good answer.",    std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    std::string seen;
    ScriptedAsker asker([&](const std::string& text, const Question& question) {
      seen = text;
      CHECK(to_text(*question.request->prompt->parameters.find("temperature")) == "0");
      return says(row.says);
    });
    const Measurement measured = judge_one(*metric, asker, a_case("2+2?", {"4"}), "four");
    REQUIRE(measured.values[0].has_value() == row.value.has_value());
    if (row.value) CHECK(*measured.values[0] == Approx(*row.value));
    CHECK(shown(seen, "reference") == "4");
    judge_one(*metric, asker, a_case("Write a poem."), "Roses");
    CHECK(seen.find(" reference begins") == std::string::npos);  // unscored it is not
  }
}

TEST_CASE("conversation: the second turn alone is judged, the first stands before it") {
  std::string seen;
  ScriptedAsker asker([&](const std::string& text, const Question&) {
    if (seen.empty()) seen = text;
    return says(text.find("answer_A") == std::string::npos ? "[[8]]" : "[[C]]");
  });
  const auto single = make_metric("rubric", "{preset: mt_bench, conversation: turns}");
  CHECK(judge_one(*single, asker, second_turn(), "Because.").values[0]);
  CHECK(shown(seen, "conversation") == "user: Is it so?\n\nassistant: Yes.");
  CHECK(shown(seen, "input") == "And why?");
  CHECK(seen.find(kLaterTurn) != std::string::npos);
  const Measurement without = judge_one(*single, asker, a_case("And why?"), "Because.");
  CHECK_FALSE(without.values[0]);
  CHECK(without.why == "the case has no list of turns in `turns`");

  seen.clear();
  const auto pairs = make_metric("pairwise",
                                 "{preset: mt_bench, conversation: turns, against: {column: other, "
                                 "conversation: their_turns}}");
  CHECK(judge_one(*pairs, asker, second_turn(), "Because.").values[0] == 0.5);
  // The sample stands first in the first order.
  CHECK(shown(seen, "conversation_before_answer_A").ends_with("Yes."));
  CHECK(shown(seen, "conversation_before_answer_B").ends_with("Perhaps."));
  const std::string swapped = plain_text(asker.asked.back().request->messages.back());
  CHECK(shown(swapped, "conversation_before_answer_A").ends_with("Perhaps."));
}
