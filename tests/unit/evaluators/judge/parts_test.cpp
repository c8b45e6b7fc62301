#include "evaluators/judge/parts.h"

#include <doctest/doctest.h>

using namespace llmops;

namespace {

Sample said(const std::string &text, const char *finish = "stop") {
  Sample sample;
  sample.text = text;
  sample.finish_reason = finish;
  return sample;
}

std::string letters(const Verdicts &found) {
  std::string text;
  for (const Verdict3 verdict : found.verdicts)
    text += verdict == Verdict3::yes  ? 'y'
            : verdict == Verdict3::no ? 'n'
                                      : 'i';
  return text;
}

} // namespace

TEST_CASE("parts: lists as judges write them") {
  struct Row {
    const char *why;
    std::string answer;
    std::vector<std::string> texts;
    const char *unread = "";
  };
  const Row rows[] = {
      {"plain", R"({"statements": ["a", "b"]})", {"a", "b"}},
      {"fenced", "```json\n{\"statements\": [\"a\"]}\n```", {"a"}},
      {"prose around, digits in it",
       "Here are 3 of 10:\n{\"statements\": [\"a 5\"]}\nScore: 4.",
       {"a 5"}},
      {"a draft, then the answer",
       R"({"statements": ["x"]} No: {"statements": ["a", "b"]})",
       {"a", "b"}},
      {"another key first",
       R"({"reason": "{\"statements\": 1}", "statements": ["a"]})",
       {"a"}},
      {"mappings",
       R"({"claims": [{"id": 1, "claim": "a"}, {"claim": "b", "why": "c"}]})",
       {"a", "b"}},
      {"a bare list", "```\n[\"a\", \"b\"]\n```", {"a", "b"}},
      {"numbers and blanks",
       R"({"statements": [3, " ", null, " a "]})",
       {"3", "a"}},
      {"trailing comma", R"({"statements": ["a",]})", {"a"}},
      {"another language",
       R"({"statements": ["Der Turm steht in Paris.", "塔很高。"]})",
       {"Der Turm steht in Paris.", "塔很高。"}},
      {"empty", R"({"statements": []})", {}},
      {"no list",
       R"({"statements": "a"})",
       {},
       "the judge's `statements` is no list"},
      {"prose",
       "There are none.",
       {},
       "no `statements` is found in the judge's answer"},
      {"nothing", "", {}, "the judge said nothing"},
      {"cut off",
       R"({"statements": ["a", "b)",
       {},
       "no `statements` is found in the judge's answer"},
  };
  static constexpr std::string_view kKeys[] = {"statements", "claims"};
  for (const Row &row : rows) {
    CAPTURE(row.why);
    const Parts found = read_parts(said(row.answer), kKeys);
    CHECK(found.texts == row.texts);
    CHECK(found.why == row.unread);
  }
  CHECK(read_parts(said(R"({"statements": ["a"]})", "length"), kKeys).why ==
        "the judge's answer was cut off (max_tokens)");
  std::string endless = "{\"statements\": [\"a\"";
  for (int i = 0; i < 600; ++i)
    endless += ",\"a\"";
  CHECK(read_parts(said(endless + "]}"), kKeys).why ==
        "the judge found more than 500 statements");
}

TEST_CASE("parts: verdicts as judges write them") {
  struct Row {
    const char *why;
    const char *answer;
    std::size_t parts;
    const char *letters;
    const char *unread = "";
  };
  const Row rows[] = {
      {"plain",
       R"({"verdicts": [{"verdict": "yes"}, {"verdict": "no"}, {"verdict": "idk"}]})",
       3, "yni"},
      {"words", R"({"verdicts": ["Yes.", "NO", "**yes**"]})", 3, "yny"},
      {"numbers, truth values", R"({"verdicts": [1, 0, true, false, "1"]})", 5,
       "ynyny"},
      {"by their numbers",
       R"({"verdicts": [{"number": 2, "verdict": "no"}, {"number": 1, "verdict": "yes"}]})",
       2, "yn"},
      {"numbers that make no sense: in their order",
       R"({"verdicts": [{"number": 7, "verdict": "no"}, {"number": 7, "verdict": "yes"}]})",
       2, "ny"},
      {"as many as there are", R"({"verdicts": [1, 1, 0]})", 0, "yyn"},
      {"reasons that name verdicts",
       R"({"verdicts": [{"reason": "yes or no?", "verdict": "no"}]})", 1, "n"},
      {"fenced, prose",
       "Sure!\n```json\n{\"verdicts\": [{\"verdict\": "
       "\"supported\"}]}\n```\n2/3",
       1, "y"},
      {"too few", R"({"verdicts": [1]})", 2, "",
       "the judge gave 1 verdicts on 2 parts"},
      {"no verdict", R"({"verdicts": [{"verdict": "perhaps"}]})", 1, "",
       "the judge's verdict 1 is neither yes nor no"},
      {"a grade is none", R"({"verdicts": [0.5]})", 1, "",
       "the judge's verdict 1 is neither yes nor no"},
      {"without a verdict", R"({"verdicts": [{"reason": "r"}]})", 1, "",
       "the judge's verdict 1 is neither yes nor no"},
      {"cut off", R"({"verdicts": [{"verdict": "yes"}, {"ver)", 2, "",
       "no `verdicts` is found in the judge's answer"},
      {"prose", "All hold.", 1, "",
       "no `verdicts` is found in the judge's answer"},
  };
  for (const Row &row : rows) {
    CAPTURE(row.why);
    const Verdicts found = read_part_verdicts(said(row.answer), row.parts);
    CHECK(letters(found) == row.letters);
    CHECK(found.why == row.unread);
  }
  Sample failed;
  failed.error = {ErrorClass::rate_limited, "later"};
  CHECK(read_part_verdicts(failed, 1).why ==
        "the judge failed: rate_limited: later");
}
