#include "datasets/text/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace llmops;

TEST_CASE("json: what is read is written again") {
  for (const char* text :
       {R"({"a":[1,2.5,"x\n\"y\"",null,true],"b":{}})", "[]", "-7", R"("é\u0001")", "1e+300",
        "-0.0", "9223372036854775807", R"("\\ / \t\r😀")", "[[[]],{}]", "0", R"({"":""})",
        R"(["\u007f"])", "5e-324", "1.7976931348623157e+308"}) {
    CAPTURE(text);
    const Result<Value> value = parse_json(text, "t.json");
    REQUIRE(value);
    CHECK(dump_json(*value) == text);
  }
}

TEST_CASE("json: other spellings of the same") {
  struct Row {
    const char* text;
    const char* written;
  };
  const Row rows[] = {
      {" [ 1 , 2 ]\r\n",                 "[1,2]"                    },
      {"\xEF\xBB\xBF{}",                 "{}"                       },
      {R"("\u00e9\ud83d\ude00\/\b\f")",  "\"é😀/\\u0008\\u000c\""},
      {"1E2",                            "100.0"                    },
      {"-0",                             "0"                        },
      {"1.50",                           "1.5"                      },
      {"9223372036854775808",            "9.223372036854776e+18"    },
      {"-9223372036854775808",           "-9223372036854775808"     },
      {"123456789012345678901234567890", "1.2345678901234568e+29"   },
      {"1e-999",                         "0.0"                      },
      {R"({"a":1,"a":2})",               R"({"a":1,"a":2})"         },
      {R"("\u0000")",                    R"("\u0000")"              },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<Value> value = parse_json(row.text, "t.json");
    REQUIRE(value);
    CHECK(dump_json(*value) == row.written);
  }
}

TEST_CASE("json: a problem says where it stands, what was expected and how to mend it") {
  struct Row {
    const char* why;
    std::string text;
    const char* message;  // up to the excerpt's caret
  };
  const Row rows[] = {
      {"a word",                     "{\"a\": 1,\n \"b\": nope}",
       "t.json:2:7: error: not valid JSON: unexpected `nope`\n 2 |  \"b\": nope}\n   |       ^ "
       "expected a value\n"                                                                         },
      {"nothing",                    "",
       "t.json:1:1: error: not valid JSON: the text is empty\n  = expected a value\n"               },
      {"blanks only",                "  ",
       "t.json:1:3: error: not valid JSON: the text is empty\n 1 |   \n   |   ^ expected a "
       "value\n"                                                                                    },
      {"two values",                 "1 2",
       "t.json:1:3: error: not valid JSON: more text after the value\n 1 | 1 2\n   |   ^ expected "
       "the end\n"                                                                                  },
      {"cut off in a list",          "[1",
       "t.json:1:3: error: not valid JSON: the text ends too early\n 1 | [1\n   |   ^ expected `,` "
       "or `]`\n"                                                                                   },
      {"cut off in a text",          "[\"ab",
       "t.json:1:2: error: not valid JSON: a text that does not end\n 1 | [\"ab\n   |  ^ expected "
       "a closing `\"`\n"                                                                           },
      {"cut off in an escape",       "\"a\\",
       "t.json:1:3: error: not valid JSON: a text that does not end\n 1 | \"a\\\n   |   ^ expected "
       "a closing `\"`\n"                                                                           },
      {"cut off after a colon",      "{\"a\":",
       "t.json:1:6: error: not valid JSON: the text ends too early\n 1 | {\"a\":\n   |      ^ "
       "expected a value\n"                                                                         },
      {"trailing comma in a list",   "[1,]",
       "t.json:1:4: error: not valid JSON: unexpected `]`\n 1 | [1,]\n   |    ^ expected a value\n "
       " = help: remove the comma before it\n"                                                      },
      {"single quotes",              "{'a': 1}",
       "t.json:1:2: error: not valid JSON: unexpected `'`\n 1 | {'a': 1}\n   |  ^ expected a name "
       "in double quotes\n"                                                                         },
      {"single quotes as value",     "['a']",
       "t.json:1:2: error: not valid JSON: unexpected `'`\n 1 | ['a']\n   |  ^ expected a value\n  "
       "= help: texts stand in double quotes\n"                                                     },
      {"Python",                     "[True]",
       "t.json:1:2: error: not valid JSON: unexpected `True`\n 1 | [True]\n   |  ^ expected a "
       "value\n  = help: write true\n"                                                              },
      {"NaN",                        "[NaN]",
       "t.json:1:2: error: not valid JSON: unexpected `NaN`\n 1 | [NaN]\n   |  ^ expected a "
       "value\n  = help: write null\n"                                                              },
      {"a word that begins well",    "[nullable]",
       "t.json:1:2: error: not valid JSON: unexpected `nullable`\n 1 | [nullable]\n   |  ^ "
       "expected a value\n"                                                                         },
      {"leading zero",               "[007]",
       "t.json:1:2: error: not valid JSON: unexpected `007`\n 1 | [007]\n   |  ^ expected a number "
       "without leading zeros\n"
       "  = help: a text such as \"007\" stands in quotes\n"                                        },
      {"no digit after a point",     "1.",
       "t.json:1:3: error: not valid JSON: the text ends too early\n 1 | 1.\n   |   ^ expected a "
       "digit after `.`\n"                                                                          },
      {"no digit in the exponent",   "1e+",
       "t.json:1:4: error: not valid JSON: the text ends too early\n 1 | 1e+\n   |    ^ expected a "
       "digit in the exponent\n"                                                                    },
      {"a number with a unit",       "5kg",
       "t.json:1:2: error: not valid JSON: unexpected `kg`\n 1 | 5kg\n   |  ^ expected the end of "
       "a number\n"                                                                                 },
      {"beyond double",              "[1e999]",
       "t.json:1:2: error: not valid JSON: number out of range\n 1 | [1e999]\n   |  ^ expected a "
       "number up to 1.8e308\n"                                                                     },
      {"a line break inside a text", "[\"a\nb\"]",
       "t.json:1:4: error: not valid JSON: a bare control character U+000A inside a text\n 1 | "
       "[\"a\n   |    ^ expected `\\n`\n"
       "  = help: is the closing quote missing?\n"                                                  },
      {"NUL inside a text",          std::string("\"a\0\"",       4),
       "t.json:1:3: error: not valid JSON: a bare control character U+0000 inside a text\n 1 | "
       "\"a\\x00\"\n   |   ^^^^ expected `\\u0000`\n"},
      {"unknown escape",                            R"("C:\dir")",
       "t.json:1:4: error: not valid JSON: an unknown escape inside a text\n 1 | \"C:\\dir\"\n"
       "   |    ^ expected one of: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX\n  = help: a "
       "backslash itself is written \\\\\n"                                 },
      {"short escape",                            R"("\u12")",
       "t.json:1:2: error: not valid JSON: an escape without its four digits\n 1 | \"\\u12\"\n   | "
       " ^ expected \\uXXXX\n"    },
      {"half a surrogate",                            R"("\ud800x")",
       "t.json:1:2: error: not valid JSON: half of a surrogate pair\n 1 | \"\\ud800x\"\n   |  ^ "
       "expected a pair such as \\ud83d\\ude00\n"                          },
      {"the other half",                            R"("\ude00")",
       "t.json:1:2: error: not valid JSON: half of a surrogate pair\n 1 | \"\\ude00\"\n   |  ^ "
       "expected a pair such as \\ud83d\\ude00\n"       },
      {"broken UTF-8; the column counts characters",                            "\"\xC3\xA9\xFF\"",
       "t.json:1:3: error: not valid JSON: byte 0xFF is not valid UTF-8\n 1 | \"é\xEF\xBF\xBD\"\n  "
       " |   ^ expected a text in UTF-8\n"},
      {"overlong UTF-8",                            "\"\xC0\xAF\"",
       "t.json:1:2: error: not valid JSON: byte 0xC0 is not valid UTF-8\n 1 | "
       "\"\xEF\xBF\xBD\xEF\xBF\xBD\"\n   |  ^ expected a text in UTF-8\n"                                       },
      {"a surrogate in UTF-8",                            "\"\xED\xA0\x80\"",
       "t.json:1:2: error: not valid JSON: byte 0xED is not valid UTF-8\n 1 | "
       "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"\n   |  ^ expected a text in UTF-8\n"},
      {"no colon",                            "{\"a\" 1}",
       "t.json:1:6: error: not valid JSON: unexpected `1`\n 1 | {\"a\" 1}\n   |      ^ expected "
       "`:`\n"                                                          },
      {"no comma",                            "{\"a\":1 \"b\":2}",
       "t.json:1:8: error: not valid JSON: unexpected `\"`\n 1 | {\"a\":1 \"b\":2}\n   |        ^ "
       "expected `,` or `}`\n"},
      {"comment",                            "// x\n1",
       "t.json:1:1: error: not valid JSON: unexpected `/`\n 1 | // x\n   | ^ expected a value\n"                                                                     },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Result<Value> value = parse_json(row.text, "t.json");
    REQUIRE_FALSE(value);
    CHECK(render(value.problems()) == row.message);
  }
}

TEST_CASE("json: a problem inside a JSONL line carries the line's number") {
  const Result<Value> value = parse_json("{\"a\" 1}", "t.jsonl", 41);
  REQUIRE_FALSE(value);
  CHECK(value.problems()[0].line == 41);
  CHECK(value.problems()[0].column == 6);
}

TEST_CASE("json: nesting goes to 200 levels") {
  CHECK(parse_json(std::string(200, '[') + std::string(200, ']'), "t.json"));
  for (const std::string& deep : {std::string(201, '['), std::string(100000, '[')}) {
    const Result<Value> value = parse_json(deep, "t.json");
    REQUIRE_FALSE(value);
    CHECK(value.problems()[0].what == "not valid JSON: nested deeper than 200 levels");
    CHECK(value.problems()[0].column == 201);
  }
  std::string mixed;
  for (int i = 0; i < 100000; ++i) mixed += "{\"a\":[";
  CHECK_FALSE(parse_json(mixed, "t.json"));
}

TEST_CASE("json: a document's values carry their marks, a line's do not") {
  const Result<Value> value = parse_json(Source("t.json", "{\"é\": [1,\n  {\"b\": \"x\"}]}"));
  REQUIRE(value);
  const auto place = [](Mark mark) { return std::pair(mark.line, mark.column); };
  CHECK(place(value->mark()) == std::pair(1U, 1U));
  CHECK(place(value->object()->begin()->key_mark) == std::pair(1U, 2U));
  CHECK(place(find_path(*value, "/é/0")->mark()) == std::pair(1U, 8U));
  CHECK(place(find_path(*value, "/é/1")->mark()) == std::pair(2U, 3U));
  CHECK(place(find_path(*value, "/é/1/b")->mark()) == std::pair(2U, 9U));
  CHECK(parse_json("{}", "t.json")->mark().line == 0);
}

TEST_CASE("json: sorted names make equal content equal text") {
  std::string a, b;
  dump_json_sorted(*parse_json(R"({"b":{"y":1,"x":2},"a":[{"d":0,"c":1}]})", "a"), a);
  dump_json_sorted(*parse_json(R"({"a":[{"c":1,"d":0}],"b":{"x":2,"y":1}})", "b"), b);
  CHECK(a == R"({"a":[{"c":1,"d":0}],"b":{"x":2,"y":1}})");
  CHECK(a == b);
}

TEST_CASE("json: written with breaks") {
  CHECK(dump_json_pretty(*parse_json(R"({"a":[1,{"b":[]}],"c":{}})", "a")) ==
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
}

TEST_CASE("json: what cannot be written") {
  CHECK_THROWS_AS(dump_json(Value(std::numeric_limits<double>::quiet_NaN())), std::logic_error);
  CHECK_THROWS_AS(dump_json(Value(std::numeric_limits<double>::infinity())), std::logic_error);
  CHECK(dump_json(Value("a\xFFz")) == "\"a\xEF\xBF\xBDz\"");
}
