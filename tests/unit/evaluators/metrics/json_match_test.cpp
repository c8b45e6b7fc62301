#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("json_match: documents and their leaves") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double equal, leaves;
    const char* note;
  };
  const Row rows[] = {
      {"equal, members in another order",
       "",                                                        R"({"a": 1, "b": [true]})",
       {R"({"b": [true], "a": 1.0})"},
       1,                                                                                                          1,
       ""                                                                                                                                        },
      {"one leaf of two",
       "",                                                        R"({"a": 1, "b": 2})",
       {R"({"a": 1, "b": 3})"},
       0,                                                                                                          0.5,
       "/b: 2 in place of 3"                                                                                                                     },
      {"a member too many",
       "",                                                        R"({"a": 1, "x": 2})",
       {R"({"a": 1})"},
       0,                                                                                                          1,
       "the document: has `x`, which is not wanted"                                                                                              },
      {"which may be",                    "{ignore_extra: true}", R"({"a": 1, "x": 2})",      {R"({"a": 1})"},  1, 1,       ""                   },
      {"a member too few",
       "",                                                        R"({"a": 1})",
       {R"({"a": 1, "b": {"c": 1, "d": 2}})"},
       0,                                                                                                          1.0 / 3,
       "the document: lacks `b`"                                                                                                                 },
      {"order counts",                    "",                     "[1, 2]",                   {"[2, 1]"},       0, 0,       "/0: 1 in place of 2"},
      {"unless it does not",              "{ignore_order: true}", "[1, 2, 2]",                {"[2, 1, 2]"},    1, 1,       ""                   },
      {"a bag counts repeats",
       "{ignore_order: true}",                                    "[1, 2]",
       {"[2, 2]"},
       0,                                                                                                          0.5,
       "the document: 1 of 2 items are not there"                                                                                                },
      {"tolerance",                       "{tolerance: 0.1}",     "[1.1]",                    {"[1]"},          1, 1,       ""                   },
      {"relative tolerance",
       "{relative_tolerance: 0.01}",                              "[102]",
       {"[100]"},
       0,                                                                                                          0,
       "/0: 102 in place of 100"                                                                                                                 },
      {"empty containers are leaves",     "",                     R"({"a": []})",             {R"({"a": []})"}, 1, 1,       ""                   },
      {"the best reference",
       "",                                                        "[1, 2]",
       {"[3, 4]", "no json", "[1, 4]"},
       0,                                                                                                          0.5,
       "/1: 2 in place of 4"                                                                                                                     },
      {"fenced",                          "{allow_fence: true}",  "```\n[1]\n```",            {"[1]"},          1, 1,       ""                   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto result =
        measure(*make_metric("json_match", row.options), row.output, row.references);
    CHECK(*result.values.at(0) == row.equal);
    CHECK(*result.values.at(1) == doctest::Approx(row.leaves));
    CHECK(result.note == row.note);
  }
}

TEST_CASE("json_match: what is no JSON") {
  const auto metric = make_metric("json_match");
  CHECK(measure(*metric, "nothing", {"[1]"}).values.at(0) == 0.0);
  CHECK(measure(*metric, "[1]", {"nothing"}).why == "the reference is no JSON");
  CHECK(measure(*metric, "[1]").why == "the case has no reference");
}
