#include "datasets/text/yaml.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "datasets/text/json.h"

using namespace llmops;

namespace {

std::string read(const std::string& text) {
  const Result<Value> value = parse_yaml(Source("t.yaml", text));
  return value ? dump_json(*value) : render(value.problems());
}

}  // namespace

TEST_CASE("yaml: scalars follow the core schema of YAML 1.2") {
  struct Row {
    const char* text;
    const char* json;
  };
  const Row rows[] = {
      {"",                     "null"          },
      {"~",                    "null"          },
      {"null",                 "null"          },
      {"Null",                 "null"          },
      {"true",                 "true"          },
      {"FALSE",                "false"         },
      {"yes",                  "\"yes\""       },
      {"on",                   "\"on\""        },
      {"No",                   "\"No\""        },
      {"12",                   "12"            },
      {"+1",                   "1"             },
      {"00012",                "12"            },
      {"0x1f",                 "31"            },
      {"0o17",                 "15"            },
      {"0x1g",                 "\"0x1g\""      },
      {"0x",                   "\"0x\""        },
      {"1_000",                "\"1_000\""     },
      {"1.5",                  "1.5"           },
      {"1e3",                  "1000.0"        },
      {".5",                   "0.5"           },
      {"-.5",                  "-0.5"          },
      {"1.",                   "1.0"           },
      {".inf",                 "\".inf\""      },
      {".nan",                 "\".nan\""      },
      {"1e400",                "\"1e400\""     },
      {"1-1",                  "\"1-1\""       },
      {".",                    "\".\""         },
      {"e",                    "\"e\""         },
      {"2025-11-14",           "\"2025-11-14\""},
      {"'12'",                 "\"12\""        },
      {"\"true\"",             "\"true\""      },
      {"1.2.3",                "\"1.2.3\""     },
      {"12:30:45",             "\"12:30:45\""  },
      {"!!str 12",             "\"12\""        },
      {"99999999999999999999", "1e+20"         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.json);
  }
}

TEST_CASE("yaml: every node knows its place, in characters") {
  const Result<Value> value =
      parse_yaml(Source("t.yaml",
                        "\xEF\xBB\xBFé: éé\nk: {é: €, z: q}\nlist:\n  - a\n  - |\n    "
                        "text\nnone:\nlast: &x [1]\nsame: *x\n"));
  REQUIRE(value);
  const auto place = [&](const char* path) {
    const Value* found = find_path(*value, path);
    REQUIRE(found != nullptr);
    return fmt::format("{}:{}", found->mark().line, found->mark().column);
  };
  CHECK(place("/é") == "1:4");
  CHECK(place("/k") == "2:4");
  CHECK(place("/k/é") == "2:8");
  CHECK(place("/k/z") == "2:14");
  CHECK(place("/list") == "4:3");
  CHECK(place("/list/0") == "4:5");
  CHECK(place("/list/1") == "5:5");
  CHECK(place("/none") == "7:1");
  CHECK(place("/last/0") == "8:11");
  CHECK(place("/same/0") == "8:11");
  CHECK(value->object()->begin()->key_mark.column == 1);
}

TEST_CASE("yaml: a document in one long line keeps its columns") {
  std::string text = "[";
  for (int i = 0; i < 20000; ++i) text += "é, ";
  const Result<Value> value = parse_yaml(Source("t.yaml", text + "end]"));
  REQUIRE(value);
  CHECK(value->list()->back().mark().column == 60002);
  CHECK((*value->list())[5000].mark().column == 15002);
}

TEST_CASE("yaml: a problem says where it stands") {
  struct Row {
    const char* why;
    std::string text;
    const char* message;
  };
  const Row rows[] = {
      {"a key twice",           "a: 1\nb: 2\na: 3\n",
       "t.yaml:3:1: error: key `a` stands here a second time\n 3 | a: 3\n   | ^\n  = help: keep "
       "one of the two\n"                                                                   },
      {"a key that is no text", "? [a]\n: 1\n",
       "t.yaml:1:3: error: a key must be a single word or text\n 1 | ? [a]\n   |   ^\n"     },
      {"an open quote",         "a: 'x",
       "t.yaml:1:6: error: not valid YAML: illegal EOF in scalar\n 1 | a: 'x\n   |      ^\n"},
      {"wrong indent",          "a: 1\n b: 2",
       "t.yaml:2:3: error: not valid YAML: illegal map value\n 2 |  b: 2\n   |   ^\n"       },
      {"unknown anchor",        "é: *nope",
       "t.yaml:1:4: error: not valid YAML: the referenced anchor is not defined\n 1 | é: *nope\n   "
       "|    ^\n"                                                                           },
      {"broken UTF-8",          "a: \xFF\n",
       "t.yaml:1:4: error: not valid YAML: byte 0xFF is not valid UTF-8\n 1 | a: \xEF\xBF\xBD\n   "
       "|    ^ expected a text in UTF-8\n"                                                  },
      {"NUL",                   std::string("a: \0b\n", 6),
       "t.yaml:1:4: error: not valid YAML: a bare control character U+0000\n 1 | a: \\x00b\n   |   "
       " ^^^^ expected `\\x00` in a text with double quotes\n"},
      {"what the parser takes for the end",                       "a: x\x04\nb: 1\n",
       "t.yaml:1:5: error: not valid YAML: a bare control character U+0004\n 1 | a: x\\x04\n   |   "
       "  ^^^^ expected `\\x04` in a text with double quotes\n"      },
      {"two documents",                       "a: 1\n---\nb: 1\n",
       "t.yaml:3:1: error: a second YAML document\n 3 | b: 1\n   | ^ expected one document in this "
       "file\n"                   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(read(row.text) == row.message);
  }
}

TEST_CASE("yaml: hostile documents are refused, and soon") {
  struct Row {
    const char* why;
    std::string text;
    const char* what;
  };
  const auto repeated = [](std::string_view piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
  };
  std::string nodes = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 30; ++i)
    nodes += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  const Row rows[] = {
      {"flow lists",                     repeated("[",              100000), "nested deeper than 100 levels"},
      {"flow mappings",                                repeated("{a: ",                                           50000),    "nested deeper than 100 levels"},
      {"block lists", repeated("- ",                          50000),                  "nested deeper than 100 levels"},
      {"just too deep",                          repeated("[",110) + repeated("]",110), "nested deeper than 100 levels"},
      {"aliases of aliases",nodes,       "more than a million nodes"                         },
      {"an alias of a long text",
       "a: &a " + repeated("x",                                      10000) + "\nb: [" + repeated("*a, ",                                              100000) + "]",
       "more than 64 MiB of text, aliases counted each time"},
      {"an alias of itself",                                "&x [*x, *x]",                                 "an alias inside what its anchor names"                                             },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Result<Value> value = parse_yaml(Source("t.yaml", row.text));
    REQUIRE_FALSE(value);
    REQUIRE(value.problems().size() == 1);
    CHECK(value.problems()[0].what == row.what);
  }
  std::string wide;
  for (int i = 0; i < 50000; ++i) wide += fmt::format("k{}: 1\n", i);
  CHECK(parse_yaml(Source("t.yaml", wide)));
}
