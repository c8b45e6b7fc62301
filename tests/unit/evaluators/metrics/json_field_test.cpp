#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("json_field: one value of the output") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"a text field",             "{path: answer}",            R"({"answer": " Paris "})", {"Paris"},       1},
      {"another text",             "{path: answer}",            R"({"answer": "Rome"})",    {"Paris"},       0},
      {"a number field",           "{path: a.0.b}",             R"({"a": [{"b": 2}]})",     {"2.0"},         1},
      {"a pointer",                "{path: /a/0/b}",            R"({"a": [{"b": 2}]})",     {"2"},           1},
      {"a list field",             "{path: a}",                 R"({"a": [1, 2]})",         {"[1,2]"},       1},
      {"missing",                  "{path: x}",                 R"({"a": 1})",              {"1"},           0},
      {"no JSON",                  "{path: x}",                 "x",                        {"1"},           0},
      {"a given value",            "{path: a, equals: true}",   R"({"a": true})",           {},              1},
      {"another than given",       "{path: a, equals: true}",   R"({"a": false})",          {},              0},
      {"a field of the reference",
       "{path: a, reference_path: b}",                          R"({"a": 1})",
       {R"({"b": 1})"},
       1                                                                                                      },
      {"tolerance",                "{path: a, tolerance: 0.5}", R"({"a": 1.5})",            {"1"},           1},
      {"any reference",            "{path: a}",                 R"({"a": "y"})",            {"x", "y", "z"}, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("json_field", row.options), row.output, row.references) ==
          row.score);
  }
}

TEST_CASE("json_field: what cannot be compared") {
  CHECK(measure(*make_metric("json_field", "{path: a}"), "{}").why == "the case has no reference");
  CHECK(measure(*make_metric("json_field", "{path: a, reference_path: b}"), R"({"a": 1})", {"{}"})
            .why == "the reference has no `b`");
  CHECK(measure(*make_metric("json_field", "{path: a}"), "{}", {"1"}).note ==
        "the output has no `a`");
  CHECK(metric_problems("json_field", "{}").find("has no `path`") != std::string::npos);
}
