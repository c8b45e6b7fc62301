#include <doctest/doctest.h>

#include "cli/prompt_changes.h"
#include "prompts/diff.h"

using namespace llmops;

TEST_CASE("side by side: lines of both sides stand beside each other again after a change") {
  struct Row {
    const char* why;
    const char* before;
    const char* after;
    const char* expected;
  };
  const Row rows[] = {
      {"a word", "Be kind.", "Be very kind.",
       "  Be kind.                  | Be {+very +}kind.\n"},
      {"lines that went", "a\nb\nc\nd", "a\nd",
       "  a                         | a\n"
       "  [-b-]                     |\n"
       "  [-c-]                     |\n"
       "  d                         | d\n"},
      {"lines that came", "a\nd", "a\nb\nc\nd",
       "  a                         | a\n"
       "                            | {+b+}\n"
       "                            | {+c+}\n"
       "  d                         | d\n"},
      {"long lines", "one two three four five six seven eight", "one two three four five six seven",
       "  one two three four five   | one two three four five\n"
       "  six seven[- eight-]       | six seven\n"},
      {"wide characters", "\346\227\245\346\234\254\350\252\236", "\346\227\245\346\234\254",
       "  [-\346\227\245\346\234\254\350\252\236-]                | {+\346\227\245\346\234\254+}\n"},
      {"a word wider than the column", "abcdefghijklmnopqrstuvwxyzabcd", "",
       "  [-abcdefghijklmnopqrstuvw |\n"
       "  xyzabcd-]                 |\n"},
      {"controls are shown", "a\x1b[31m", "a",
       "  a[-\\x1b[31m-]             | a\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    MessageDiff message;
    message.spans = word_diff(row.before, row.after);
    CHECK(side_by_side(message, {.width = 55}) == row.expected);
  }
  MessageDiff message;
  message.spans = word_diff("a b", "a c");
  CHECK(side_by_side(message, {.width = 55, .color = true}) ==
        "  a \x1b[31m[-b-]\x1b[0m                   | a \x1b[32m{+c+}\x1b[0m\n");
}
