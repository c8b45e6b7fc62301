#include "evaluators/judge/markdown_style.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmops;
using doctest::Approx;

TEST_CASE("markdown_style: what counts as dress") {
  struct Row {
    const char* why;
    const char* text;
    double headers, lists, bold;
  };
  const Row rows[] = {
      {"plain",                      "No dress at all. 3 * 4 = 12, a_b_c.",                          0, 0, 0},
      {"headers of each depth",      "# A\n## B\n###### C\n####### D\n#hashtag",                     3, 0, 0},
      {"items, also deeper",         "- a\n  * b\n+ c\n1. d\n12) e\n-no\n1.no",                      0, 5, 0},
      {"bold, both ways",            "**a** and __b__ and **c d**; ** alone, ****",                  0, 0, 3},
      {"fenced code counts as none", "text\n```py\n# no header\n- no item\n**no**\n```\n# a header",
       1,                                                                                               0, 0},
      {"a fence that never ends",    "```\n# x\n- y",                                                0, 0, 0},
      {"Windows line ends",          "# A\r\n- b\r\n",                                               1, 1, 0},
      {"nothing",                    "",                                                             0, 0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const MarkdownStyle style = markdown_style(row.text);
    CHECK(style.headers == row.headers);
    CHECK(style.lists == row.lists);
    CHECK(style.bold == row.bold);
  }
}

TEST_CASE("markdown_style: the covariates of a pair") {
  const std::string dressed = "# One\n- two\n- three\n**four** five six";
  const auto same = style_difference(dressed, dressed);
  for (const double difference : same) CHECK(difference == 0);
  const auto more = style_difference(dressed, "one two three four"),
             less = style_difference("one two three four", dressed);
  for (std::size_t i = 0; i < more.size(); ++i) {
    CHECK(more[i] > 0);
    CHECK(more[i] == Approx(-less[i]));  // a swap of the two turns the sign
    CHECK(more[i] <= 1);
  }
  const MarkdownStyle style = markdown_style(dressed);
  const double density = 2 / style.tokens;
  CHECK(more[2] == Approx(density / (density + 1)));  // the other has no list
  for (const double difference : style_difference("", "")) CHECK(difference == 0);
}
