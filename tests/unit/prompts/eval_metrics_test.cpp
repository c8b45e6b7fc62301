#include "prompts/eval_metrics.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("eval_metrics: values change where they stand, every other byte stays") {
  struct Row {
    const char* why;
    const char* before;
    Object metrics;
    const char* after;
  };
  const Row rows[] = {
      {"in a flow mapping",
       "name: s  # c\neval_metrics: {last_run: \"2025-11-14\", faithfulness: 0.92}  # kept\nuser: "
       "x\n",                                                                     {{"last_run", "2025-12-01"}, {"faithfulness", 0.95}},
       "name: s  # c\neval_metrics: {last_run: \"2025-12-01\", faithfulness: 0.95}  # kept\nuser: "
       "x\n"                                                                                                                                                                         },
      {"in a block mapping, quoting and comments kept",
       "eval_metrics:\n  # measured nightly\n  last_run: '2025-11-14' # when\n\n  faithfulness:   "
       "0.92\nuser: \"x\"\n",                                                     {{"faithfulness", 1}, {"last_run", "2025-12-01"}},
       "eval_metrics:\n  # measured nightly\n  last_run: '2025-12-01' # when\n\n  faithfulness:   "
       "1\nuser: \"x\"\n"                                                                                                                                                            },
      {"a new key at the end of a block",
       "eval_metrics:\n    a: 1 # one\n# next\nuser: x\n",                        {{"b", 2}, {"c d", "e f"}},
       "eval_metrics:\n    a: 1 # one\n    b: 2\n    c d: e f\n# next\nuser: x\n"                                                                                                    },
      {"a new key in a flow mapping",
       "eval_metrics: { a: 1 }\n",                                                {{"b", 0.5}},
       "eval_metrics: { a: 1, b: 0.5 }\n"                                                                                                                                            },
      {"an empty flow mapping",
       "eval_metrics: {}\nuser: x\n",                                             {{"b", 0.5}, {"c", true}},
       "eval_metrics: {b: 0.5, c: true}\nuser: x\n"                                                                                                                                  },
      {"a flow mapping over lines",
       "eval_metrics: {\n  a: 1,  # x\n  b: 'q'\n}\n",                            {{"a", 2}, {"c", 3}},
       "eval_metrics: {\n  a: 2,  # x\n  b: 'q', c: 3\n}\n"                                                                                                                          },
      {"missing",                                       "name: s\nuser: x",       {{"a", 1}},                                              "name: s\nuser: x\neval_metrics: {a: 1}\n"},
      {"missing, behind a block",
       "user: |\n  x\n",                                                          {{"a", 1}},
       "user: |\n  x\neval_metrics: {a: 1}\n"                                                                                                                                        },
      {"empty",
       "eval_metrics:  # none yet\nuser: x\n",                                    {{"a", 1}},
       "eval_metrics: {a: 1}  # none yet\nuser: x\n"                                                                                                                                 },
      {"null",
       "eval_metrics: null # none yet\nuser: x\n",                                {{"a", 1}},
       "eval_metrics: {a: 1} # none yet\nuser: x\n"                                                                                                                                  },
      {"a key without a value",
       "eval_metrics:\n  a:\n  b: ~\nuser: x\n",                                  {{"a", 1}, {"b", 2}},
       "eval_metrics:\n  a: 1\n  b: 2\nuser: x\n"                                                                                                                                    },
      {"line ends of Windows",
       "eval_metrics:\r\n  a: 1\r\nuser: x\r\n",                                  {{"a", 2}, {"b", 3}},
       "eval_metrics:\r\n  a: 2\r\n  b: 3\r\nuser: x\r\n"                                                                                                                            },
      {"a quoted value with escapes",
       "eval_metrics: {a: \"x\\\"y\", b: 'it''s'}\n",                             {{"a", "q\"r"}, {"b", "that's"}},
       "eval_metrics: {a: \"q\\\"r\", b: \"that's\"}\n"                                                                                                                              },
      {"texts that YAML would misread are quoted",
       "eval_metrics: {}\n",                                                      {{"a", "1.0"}, {"b", "true"}, {"c", "x: y"}, {"d", ""}},
       "eval_metrics: {a: \"1.0\", b: \"true\", c: \"x: y\", d: \"\"}\n"                                                                                                             },
      {"letters beyond ASCII in front",
       "author: \xC3\xA4\xC3\xB6\neval_metrics: {\xC3\xBC: 1, a: 2}\n",           {{"a", 3}},
       "author: \xC3\xA4\xC3\xB6\neval_metrics: {\xC3\xBC: 1, a: 3}\n"                                                                                                               },
      {"the last line has no end",
       "eval_metrics:\n  a: 1",                                                   {{"b", 2}},
       "eval_metrics:\n  a: 1\n  b: 2"                                                                                                                                               },
      {"nothing to write",                              "eval_metrics: {a: 1}\n", {},                                                      "eval_metrics: {a: 1}\n"                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Result<std::string> after = with_eval_metrics(Source("p.yaml", row.before), row.metrics);
    CAPTURE(render(after.problems()));
    REQUIRE(after);
    CHECK(*after == row.after);
  }
}

TEST_CASE("eval_metrics: what is refused, with the file left alone") {
  const auto message = [](const char* text, const Object& metrics) {
    return render(with_eval_metrics(Source("p.yaml", text), metrics).problems());
  };
  CHECK(message("eval_metrics: {a: [1]}\n",
                {
                    {"a", 1}
  }) ==
        "p.yaml:1:19: error: `a` is a list\n"
        " 1 | eval_metrics: {a: [1]}\n"
        "   |                   ^ expected a number or a text\n"
        "  = help: it is not replaced by a number\n");
  CHECK(message("eval_metrics: 5\n",
                {
                    {"a", 1}
  }) ==
        "p.yaml:1:15: error: `eval_metrics` is a number\n"
        " 1 | eval_metrics: 5\n"
        "   |               ^ expected a mapping\n");
  CHECK(message("x: 1\n",
                {
                    {"a", List{}}
  }) == "error: `a` is a list\n  = expected a number or a text\n");
  CHECK_FALSE(with_eval_metrics(Source("p.yaml", "- a\n"), {
                                                               {"a", 1}
  }));
  // An anchor that others use: the result would read differently elsewhere.
  CHECK_FALSE(
      with_eval_metrics(Source("p.yaml", "eval_metrics: {a: &x 1}\nother: *x\n"), {
                                                                                      {"a", 2}
  }));
}
