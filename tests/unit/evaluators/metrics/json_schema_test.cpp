#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "evaluators/metrics/text/schema.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// What a schema says about a document; "" where it accepts it.
std::string verdict(const std::string& schema, const std::string& document) {
  const Result<Schema> compiled = Schema::compile(*parse_json(schema, "schema"), "`schema`");
  if (!compiled) return "broken: " + compiled.problems().front().what;
  return compiled->problem(*parse_json(document, "document")).value_or("");
}

}  // namespace

TEST_CASE("json_schema: each keyword accepts and refuses") {
  struct Row {
    const char* schema;
    const char* valid;
    const char* invalid;
    const char* why;
  };
  const Row rows[] = {
      {R"({"type": "string"})",                                                                            R"("a")",              "1",                                 "the document: 1 is not of type \"string\""},
      {R"({"type": ["null", "integer"]})",                                                                 "2.0",                 "2.5",
       "the document: 2.5 is not of type [\"null\",\"integer\"]"                                                                                                                                                  },
      {R"({"const": {"a": 1}})",                                                                           R"({"a": 1.0})",       R"({"a": 2})",
       "the document: {\"a\":2} is not {\"a\":1}"                                                                                                                                                                 },
      {R"({"enum": ["red", "green"]})",                                                                    R"("red")",            R"("blue")",
       "the document: \"blue\" is none of [\"red\",\"green\"]"                                                                                                                                                    },
      {R"({"minimum": 1, "maximum": 3})",                                                                  "3",                   "0",                                 "the document: number 0 breaks minimum 1"  },
      {R"({"exclusiveMinimum": 1, "exclusiveMaximum": 3})",                                                "2",                   "3",
       "the document: number 3 breaks exclusiveMaximum 3"                                                                                                                                                         },
      {R"({"multipleOf": 0.01})",                                                                          "19.99",               "19.999",
       "the document: number 19.999 breaks multipleOf 0.01"                                                                                                                                                       },
      {R"({"minLength": 2, "maxLength": 3})",                                                              R"("äöü")",         R"("a")",
       "the document: length 1 breaks minLength 2"                                                                                                                                                                },
      {R"({"pattern": "^[a-z]+$"})",                                                                       R"("abc")",            R"("a1")",
       "the document: \"a1\" does not match ^[a-z]+$"                                                                                                                                                             },
      {R"({"minItems": 1, "maxItems": 2})",                                                                "[1]",                 "[]",                                "the document: size 0 breaks minItems 1"   },
      {R"({"items": {"type": "number"}})",                                                                 "[1, 2]",              R"([1, "x"])",
       "/1: \"x\" is not of type \"number\""                                                                                                                                                                      },
      {R"({"prefixItems": [{"type": "string"}], "items": false})",                                         R"(["a"])",            R"(["a", 1])",
       "/1: nothing is allowed here"                                                                                                                                                                              },
      {R"({"items": [{"type": "string"}], "additionalItems": {"type": "null"}})",                          R"(["a", null])",
       R"(["a", 1])",                                                                                                                                                  "/1: 1 is not of type \"null\""            },
      {R"({"uniqueItems": true})",                                                                         "[1, 2]",              "[1, 1.0]",                          "the document: 1.0 stands there twice"     },
      {R"({"contains": {"const": 1}})",                                                                    "[0, 1]",              "[0]",
       "the document: holds nothing that fits `contains`"                                                                                                                                                         },
      {R"({"contains": {"const": 1}, "minContains": 2, "maxContains": 2})",                                "[1, 1]",              "[1, 1, 1]",
       "the document: number of items that fit `contains` 3 breaks maxContains 2"                                                                                                                                 },
      {R"({"required": ["a"]})",                                                                           R"({"a": null})",      "{}",                                "the document: lacks `a`"                  },
      {R"({"properties": {"a": {"properties": {"b": {"type": "boolean"}}}}})",
       R"({"a": {"b": true}})",                                                                                                   R"({"a": {"b": 1}})",                "/a/b: 1 is not of type \"boolean\""       },
      {R"({"properties": {"a": true}, "additionalProperties": false})",                                    R"({"a": 1})",
       R"({"b": 1})",                                                                                                                                                  "the document: has an unknown member `b`"  },
      {R"({"patternProperties": {"^x": {"type": "number"}}, "additionalProperties": {"type": "string"}})",
       R"({"x1": 1, "y": "s"})",                                                                                                  R"({"x1": "s"})",                    "/x1: \"s\" is not of type \"number\""     },
      {R"({"propertyNames": {"maxLength": 1}})",                                                           R"({"a": 1})",         R"({"ab": 1})",
       "/ab: length 2 breaks maxLength 1"                                                                                                                                                                         },
      {R"({"minProperties": 1, "maxProperties": 1})",                                                      R"({"a": 1})",         "{}",
       "the document: number of members 0 breaks minProperties 1"                                                                                                                                                 },
      {R"({"dependentRequired": {"a": ["b"]}})",                                                           R"({"a": 1, "b": 2})", R"({"a": 1})",
       "the document: lacks `b`"                                                                                                                                                                                  },
      {R"({"dependencies": {"a": {"required": ["c"]}}})",                                                  R"({"b": 1})",         R"({"a": 1})",
       "the document: lacks `c`"                                                                                                                                                                                  },
      {R"({"allOf": [{"minimum": 1}, {"maximum": 2}]})",                                                   "1",                   "3",
       "the document: number 3 breaks maximum 2"                                                                                                                                                                  },
      {R"({"anyOf": [{"type": "null"}, {"minimum": 5}]})",                                                 "null",                "1",
       "the document: fits none of anyOf"                                                                                                                                                                         },
      {R"({"oneOf": [{"minimum": 1}, {"minimum": 5}]})",                                                   "1",                   "7",
       "the document: fits 2 of oneOf, not one"                                                                                                                                                                   },
      {R"({"not": {"type": "null"}})",                                                                     "1",                   "null",                              "the document: fits what `not` forbids"    },
      {R"({"if": {"minimum": 10}, "then": {"multipleOf": 10}, "else": {"maximum": 5}})",                   "20",                  "7",
       "the document: number 7 breaks maximum 5"                                                                                                                                                                  },
      {R"({"$defs": {"n": {"type": "number"}}, "items": {"$ref": "#/$defs/n"}})",                          "[1]",                 "[null]",
       "/0: null is not of type \"number\""                                                                                                                                                                       },
      {R"({"properties": {"next": {"$ref": "#"}, "v": {"type": "number"}}})",
       R"({"next": {"next": {"v": 1}}})",                                                                                         R"({"next": {"next": {"v": "x"}}})",
       "/next/next/v: \"x\" is not of type \"number\""                                                                                                                                                            },
      {"true",                                                                                             "1",                   nullptr,                             ""                                         },
      {R"({"format": "email"})",                                                                           R"("no address")",     nullptr,                             ""                                         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CHECK(verdict(row.schema, row.valid) == "");
    if (row.invalid != nullptr) CHECK(verdict(row.schema, row.invalid) == row.why);
  }
}

TEST_CASE("json_schema: a schema that cannot be kept is a problem of the suite") {
  CHECK(verdict(R"j({"pattern": "(?=x)"})j", "1")
            .starts_with("broken: `schema`: the pattern (?=x) is not understood"));
  CHECK(verdict(R"({"$ref": "#/nowhere"})", "1") ==
        "broken: `schema`: `$ref` #/nowhere points to nothing in the schema");
  CHECK(verdict(R"({"$ref": "other.json"})", "1").starts_with("broken: "));
  CHECK(verdict(R"({"items": {"type": "text"}})", "1") ==
        "broken: `schema`: there is no type \"text\"");
  CHECK(verdict(R"({"unevaluatedProperties": false})", "1") ==
        "broken: `schema`: `unevaluatedProperties` is not supported");
  CHECK(verdict("3", "1") == "broken: `schema` is a number");
  CHECK(verdict(R"({"properties": {"pattern": {"type": "string"}}})",
                R"j({"pattern": "(?=x)"})j") == "");
  CHECK(verdict(R"({"$ref": "#"})", "1") ==
        "the document: the schema refers to itself without end");
}

TEST_CASE("json_schema: outputs against a schema in the suite or in a file") {
  const auto metric = make_metric("json_schema", "{schema: {type: object, required: [name]}}");
  CHECK(score_one(*metric, R"({"name": "x"})") == 1.0);
  CHECK(measure(*metric, "{}").note == "the document: lacks `name`");
  CHECK(measure(*metric, "{").values.at(0) == 0.0);
  CHECK(score_one(*make_metric("json_schema", "{schema: true, allow_fence: true}"),
                  "```json\n1\n```") == 1.0);
  const TemporaryFolder folder;
  const auto file = folder.write("s.json", R"({"type": "number"})");
  CHECK(score_one(*make_metric("json_schema", "{schema: '" + file.string() + "'}"), "1") == 1.0);
  CHECK(metric_problems("json_schema", "{}").find("has no `schema`") != std::string::npos);
  CHECK(metric_problems("json_schema", "{schema: nowhere.json}").find("nowhere.json") !=
        std::string::npos);
  CHECK(
      metric_problems("json_schema", "{schema: {type: text}}").find("there is no type \"text\"") !=
      std::string::npos);
}
