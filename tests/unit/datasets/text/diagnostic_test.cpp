#include "datasets/text/diagnostic.h"

#include <doctest/doctest.h>

#include "datasets/text/json.h"

using namespace llmops;

TEST_CASE("diagnostic: the form that people read") {
  struct Row {
    const char* why;
    Diagnostic found;
    std::string expected;
  };
  const Row rows[] = {
      {"no place",                                                           problem("no model", "expected one", "add `model:`"),
       "error: no model\n  = expected one\n  = help: add `model:`\n"},
      {"a file alone",        {.file = "a.yaml", .what = "empty"},                          "a.yaml: error: empty\n"                          },
      {"a line without a column",
       {.severity = Severity::warning,
        .file = "a",
        .line = 3,
        .what = "odd",
        .line_text = "x y",
        .rule = "r1"},
       "a:3: warning: odd [r1]\n 3 | x y\n"},
      {"width",
       {.file = "a", .line = 12, .column = 3, .what = "w", .line_text = "ab cd", .width = 2},
       "a:12:3: error: w\n 12 | ab cd\n    |   ^^\n"                                                          },
      {"a tab before the place moves the caret",
       {.file = "a", .line = 1, .column = 3, .what = "w", .line_text = "a\tb"},
       "a:1:3: error: w\n 1 | a\\tb\n   |    ^\n"},
      {"wide characters take two columns",
       {.file = "a", .line = 1, .column = 3, .what = "w", .line_text = "日本語x", .width = 1},
       "a:1:3: error: w\n 1 | 日本語x\n   |     ^^\n"                                                                   },
      {"combining marks take none",
       {.file = "a", .line = 1, .column = 3, .what = "w", .line_text = "e\xCC\x81x"},
       "a:1:3: error: w\n 1 | e\xCC\x81x\n   |  ^\n"},
      {"escapes are shown, not sent",
       {.file = "a\x1b[31m",
        .line = 1,
        .column = 1,
        .what = "w\x07",
        .expected = "\xE2\x80\xAE",
        .line_text = "\x1b[2Jx"},
       "a\\x1b[31m:1:1: error: w\\x07\n 1 | \\x1b[2Jx\n   | ^^^^ \\u202e\n"                                                                     },
      {"a caret behind the end",
       {.file = "a", .line = 1, .column = 3, .what = "w", .line_text = "ab"},
       "a:1:3: error: w\n 1 | ab\n   |   ^\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(render(row.found) == row.expected);
  }
}

TEST_CASE("diagnostic: a long line is shown around its place") {
  const std::string lengthy = std::string(500, 'a') + "X" + std::string(500, 'b');
  const Diagnostic found{.file = "f", .line = 1, .column = 501, .what = "w", .line_text = lengthy};
  CHECK(render(found) == "f:1:501: error: w\n 1 | …" + std::string(60, 'a') + "X" +
                             std::string(99, 'b') + "…\n   | " + std::string(61, ' ') + "^\n");
}

TEST_CASE("diagnostic: as fields") {
  const Diagnostic found{
      .file = "f", .line = 2, .column = 3, .what = "w", .expected = "e", .help = "h", .rule = "r"};
  CHECK(
      dump_json(to_value(found)) ==
      R"({"severity":"error","file":"f","line":2,"column":3,"what":"w","expected":"e","help":"h","rule":"r"})");
}

TEST_CASE("diagnostic: the nearest name") {
  const std::string_view choices[] = {"max_tokens", "seed", "temperature", "top_p", "csv", "id"};
  struct Row {
    const char* given;
    const char* expected;
  };
  const Row rows[] = {
      {"temprature", "did you mean `temperature`?"},
      {"topp",       "did you mean `top_p`?"      },
      {"cvs",        "did you mean `csv`?"        },
      {"sede",       "did you mean `seed`?"       },
      {"xy",         ""                           },
      {"",           ""                           },
      {"frequency",  ""                           },
  };
  for (const Row& row : rows) {
    CAPTURE(row.given);
    CHECK(did_you_mean(row.given, choices) == row.expected);
  }
  CHECK(expected_one_of(choices) ==
        "expected one of: csv, id, max_tokens, seed, temperature, top_p");
}
