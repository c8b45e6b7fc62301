#include "prompts/lint/rubric.h"

#include <doctest/doctest.h>

#include <string>

#include "datasets/text/files.h"
#include "tests/support/reference.h"

using namespace llmops;

TEST_CASE("lint: a rubric describes every grade of its scale") {
  struct Row {
    const char* why;
    const char* text;
    int low, high;
    const char* findings;
  };
  const Row rows[] = {
      {"grades with a colon",
       "How helpful is the answer?\n\n1: useless\n2: poor\n3: fair\n4: good\n5: all that was "
       "asked\n",                                                                                                             1,  5,   ""},
      {"headings, list items, tables, bold, words before the number",
       "# Helpfulness\n## Score 1\nno\n- **2** = little\n| 3 | some |\nGrade 4: much\n* `5` all\n",                           1,  5,   ""},
      {"bands",                                                       "0-3: wrong\n4 to 6: half\n7 \xE2\x80\x93 10: right\n", 0,  10,  ""},
      {"pass or fail",                                                "0: fails\n1: passes\n",                                0,  1,   ""},
      {"only the ends of a long scale",                               "0: nothing\n100: everything\n",                        0,  100, ""},
      {"grades below zero",                                           "-1: worse\n- 0: the same\n1: better\n",                -1, 1,   ""},
      {"no text",                                                     " \n\t\n",                                              1,  5,
       "r.md: error: the rubric is empty [rubric-empty]\n"
       "  = help: say what is judged, and what each grade means\n"                                                                       },
      {"two grades left out",                                         "1: bad\n3: fair\n5: good\n",                           1,  5,
       "r.md: warning: the scale goes from 1 to 5, and nothing says what 2, 4 mean [rubric-grade]\n"
       "  = help: write a line for each, such as `2: ...`: a judge that guesses what a grade means "
       "judges differently each time\n"                                                                                                  },
      {"the upper end of a long scale",                               "0: nothing\n50: half\n",                               0,  100,
       "r.md: warning: the scale goes from 0 to 100, and nothing says what 100 means "
       "[rubric-grade]\n"
       "  = help: write a line for each, such as `100: ...`: a judge that guesses what a grade "
       "means judges differently each time\n"                                                                                            },
      {"a number inside a sentence is no grade",                      "Give 1 or 2.\n",                                       1,  2,
       "r.md: warning: the scale goes from 1 to 2, and nothing says what 1, 2 mean "
       "[rubric-grade]\n"
       "  = help: write a line for each, such as `1: ...`: a judge that guesses what a grade means "
       "judges differently each time\n"                                                                                                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(render(lint_rubric(Source("r.md", row.text), row.low, row.high)) == row.findings);
  }
}

TEST_CASE("lint: the manual lists the rules for rubrics") {
  const Result<Source> manual = read_source(test::repository("prompts/README.md"));
  REQUIRE(manual);
  for (const RubricRule& rule : rubric_rules()) {
    const std::string line = "| `" + std::string(rule.id) + "` | " +
                             std::string(name(rule.severity)) + " | " + std::string(rule.summary) +
                             " |\n";
    CAPTURE(line);
    CHECK(manual->text().find(line) != std::string::npos);
  }
}
