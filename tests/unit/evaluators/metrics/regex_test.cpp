#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("regex: patterns and groups") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"anywhere",                     "{pattern: 'b+'}",                                  "abbc",      {},     1},
      {"nowhere",                      "{pattern: 'x'}",                                   "abbc",      {},     0},
      {"the whole output",             "{pattern: 'b+', match: full}",                     "abbc",      {},     0},
      {"the whole output fits",        "{pattern: 'ab+c', match: full}",                   "abbc",      {},     1},
      {"case",                         "{pattern: 'B', ignore_case: true}",                "abbc",      {},     1},
      {"one of several",               "{pattern: ['x', 'b']}",                            "abbc",      {},     1},
      {"all of several",               "{pattern: ['x', 'b'], all: true}",                 "abbc",      {},     0},
      {"a group equals the reference", "{pattern: 'A: *(.*)', group: 1}",                  "so A: 12 ", {"12"}, 1},
      {"a group equals another",       "{pattern: 'A: *(.*)', group: 1}",                  "so A: 12 ", {"13"}, 0},
      {"a named group",                "{pattern: '(?P<answer>[A-D])\\)', group: answer}", "(B)",       {"B"},  1},
      {"no match is 0",                "{pattern: 'A: *(.*)', group: 1}",                  "12",        {"12"}, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("regex", row.options), row.output, row.references) == row.score);
  }
}

TEST_CASE("regex: what is wrong with a pattern") {
  CHECK(metric_problems("regex", "{pattern: '(a'}") ==
        "suite.yaml:1:11: error: `pattern` is no regular expression: missing ): (a\n"
        " 1 | {pattern: '(a'}\n"
        "   |           ^ expected RE2 syntax\n"
        "  = help: RE2 has no back references and no look-around\n");
  CHECK(metric_problems("regex", "{match: full}").find("has no `pattern`") != std::string::npos);
  CHECK(metric_problems("regex", "{pattern: 'a', group: 3}").find("no group `3`") !=
        std::string::npos);
  CHECK(measure(*make_metric("regex", "{pattern: '(a)', group: 1}"), "a").why ==
        "the case has no reference");
}
