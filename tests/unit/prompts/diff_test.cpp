#include "prompts/diff.h"

#include <doctest/doctest.h>

#include <random>

#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "prompts/prompt_file.h"

using namespace llmops;

namespace {

std::string shown(const std::vector<DiffSpan>& spans) {
  std::string out;
  for (const DiffSpan& span : spans)
    out += span.kind == DiffSpan::Kind::same      ? span.text
           : span.kind == DiffSpan::Kind::removed ? "[-" + span.text + "-]"
                                                  : "{+" + span.text + "+}";
  return out;
}

Prompt prompt_of(const std::string& text) {
  const Source source("p.yaml", text);
  const Result<Value> value = parse_yaml(source);
  REQUIRE(value);
  Result<Prompt> prompt = read_prompt(*value, source, "");
  CAPTURE(render(prompt.problems()));
  REQUIRE(prompt);
  return std::move(*prompt);
}

}  // namespace

TEST_CASE("diff: words") {
  struct Row {
    const char* before;
    const char* after;
    const char* diff;
  };
  const Row rows[] = {
      {"a b c",      "a b c",          "a b c"                      },
      {"a b c",      "a x c",          "a [-b-]{+x+} c"             },
      {"a c",        "a b c",          "a {+b +}c"                  },
      {"a b c",      "a c",            "a [-b -]c"                  },
      {"",           "new",            "{+new+}"                    },
      {"old",        "",               "[-old-]"                    },
      {"",           "",               ""                           },
      {"be brief.",  "be very brief!", "be {+very +}brief[-.-]{+!+}"},
      {"one\ntwo\n", "one\nthree\n",   "one\n[-two-]{+three+}\n"    },
      {"a b a b",    "b a b a",        "[-a -]b a b{+ a+}"          },
      {"stra\xC3\x9F"
       "e",   "stra\xC3\x9F"
       "en",         "[-stra\xC3\x9F"
       "e-]{+stra\xC3\x9F"
       "en+}"                         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.before);
    CHECK(shown(word_diff(row.before, row.after)) == row.diff);
  }
}

TEST_CASE("diff: both texts come back out of it, whatever they are") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const auto text = [&] {
      std::string out;
      const unsigned length = random() % 40;
      for (unsigned i = 0; i < length; ++i) out += "ab .\n"[random() % 5];
      return out;
    };
    const std::string before = text();
    const std::string after = text();
    std::string old_text, new_text;
    for (const DiffSpan& span : word_diff(before, after)) {
      if (span.kind != DiffSpan::Kind::added) old_text += span.text;
      if (span.kind != DiffSpan::Kind::removed) new_text += span.text;
    }
    CHECK(old_text == before);
    CHECK(new_text == after);
  }
  // Two long texts without a common word: one removal, one addition.
  std::string left, right;
  for (int i = 0; i < 3000; ++i) {
    left += "a" + std::to_string(i) + ".";
    right += "b" + std::to_string(i) + ",";
  }
  CHECK(word_diff(left, right).size() == 2);
}

TEST_CASE("diff: prompts by role, parameters and model by name") {
  const Prompt before = prompt_of(
      "model: m-1\nmessages:\n- {role: system, content: Be kind.}\n- {role: user, content: '{{ "
      "question }}'}\n- {role: assistant, content: bye}\n"
      "parameters: {temperature: 0.3, max_tokens: 5}\nvariables: {a: {b: 1}}\n");
  const Prompt after = prompt_of(
      "model: m-2\nmessages:\n- {role: system, content: Be very kind.}\n- {role: user, content: "
      "Example}\n- {role: assistant, content: Answer}\n"
      "- {role: user, content: '{{ question }}'}\nparameters: {temperature: 0.4, seed: "
      "1}\nvariables: {a: {b: 2}}\n");
  const PromptDiff diff = diff_prompts(before, after);
  CHECK_FALSE(diff.same);
  CHECK(render(diff, false) ==
        "model: \"m-1\" -> \"m-2\"\n"
        "parameters.temperature: 0.3 -> 0.4\n"
        "parameters.max_tokens: 5 -> (none)\n"
        "parameters.seed: (none) -> 1\n"
        "variables.a.b: 1 -> 2\n"
        "\n"
        "system (changed)\n"
        "  Be {+very +}kind.\n"
        "\n"
        "user (added)\n"
        "  {+Example+}\n"
        "\n"
        "assistant (added)\n"
        "  {+Answer+}\n"
        "\n"
        "user (same)\n"
        "\n"
        "assistant (removed)\n"
        "  [-bye-]\n");
  CHECK(render(diff, true).find("\x1b[32m{+very +}\x1b[0m") != std::string::npos);
  CHECK(render(diff_prompts(before, before), false) == "no difference in what is asked\n");
  const Value value = to_value(diff);
  CHECK(
      dump_json(value.find("messages")->list()->front()) ==
      R"({"role":"system","kind":"changed","spans":[{"kind":"same","text":"Be "},{"kind":"added","text":"very "},{"kind":"same","text":"kind."}]})");
  CHECK(dump_json((*value.find("fields")->list())[2]) ==
        R"({"path":"parameters.max_tokens","before":5})");
}

TEST_CASE("diff: control characters are shown, not sent to the terminal") {
  const PromptDiff diff = diff_prompts(prompt_of("user: a\n"), prompt_of("user: \"a\\e[31m\"\n"));
  CHECK(render(diff, false).find('\x1b') == std::string::npos);
}
