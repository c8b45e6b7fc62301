#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("json_valid: one document, nothing else") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    double score;
  };
  const Row rows[] = {
      {"object",                    "",                    R"({"a": [1, 2.5e3, null, true, "x\n"]})", 1},
      {"blanks around",             "",                    " [] \n",                                  1},
      {"a scalar is a document",    "",                    "3",                                       1},
      {"nothing",                   "",                    "",                                        0},
      {"trailing comma",            "",                    "[1,]",                                    0},
      {"single quotes",             "",                    "{'a': 1}",                                0},
      {"comment",                   "",                    "[1] // one",                              0},
      {"not a number",              "",                    "[NaN]",                                   0},
      {"text before",               "",                    "Here: {}",                                0},
      {"cut off",                   "",                    R"({"a": )",                               0},
      {"two documents",             "",                    "{} {}",                                   0},
      {"a fence is no JSON",        "",                    "```json\n{}\n```",                        0},
      {"unless it is allowed",      "{allow_fence: true}", "```json\n{}\n```",                        1},
      {"no fence, allowed",         "{allow_fence: true}", "{}",                                      1},
      {"text before the fence",     "{allow_fence: true}", "Here:\n```json\n{}\n```",                 0},
      {"wanted an object",          "{kind: object}",      "[]",                                      0},
      {"wanted an object, got one", "{kind: object}",      "{}",                                      1},
      {"wanted an array",           "{kind: array}",       "[]",                                      1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("json_valid", row.options), row.output) == row.score);
  }
}

TEST_CASE("json_valid: says where it breaks") {
  CHECK(measure(*make_metric("json_valid"), "{\"a\": 1,\n \"b\" 2}")
            .note.starts_with("line 2, column "));
  CHECK(measure(*make_metric("json_valid", "{kind: object}"), "[]").note ==
        "the document is a list, not an object");
  CHECK(metric_problems("json_valid", "{kind: objekt}").find("did you mean `object`?") !=
        std::string::npos);
}
