#include "datasets/dataset.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zlib.h>

#include <set>

#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "tests/support/reference.h"

using namespace llmops;
using test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

std::vector<Case> all(const Dataset& dataset) {
  std::vector<Case> rows;
  Case row;
  for (const auto stream = dataset.cases(); stream->next(row);) rows.push_back(row);
  return rows;
}

// The problems of a file, its folder left out.
std::string problems(const TemporaryFolder& folder, const Diagnostics& found) {
  std::string text = render(found);
  const std::string prefix = folder.path().string() + "/";
  for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;)
    text.erase(at, prefix.size());
  return text;
}

std::string problems(std::string_view name, std::string_view content,
                     std::vector<std::pair<std::string, std::string>> fields = {}) {
  const TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write(name, content);
  spec.fields = std::move(fields);
  return problems(folder, Dataset::open(spec).problems());
}

std::string gzip(std::string_view bytes) {
  std::string packed(compressBound(bytes.size()) + 64, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string input(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, "|"));
}

}  // namespace

TEST_CASE("dataset: the same two cases in every format, packed or not") {
  struct Row {
    const char* name;
    const char* content;
  };
  const Row rows[] = {
      {"d.jsonl",
       "{\"id\":\"a\",\"question\":\"2+2?\",\"reference\":\"4\"}\n\n{\"id\":\"b\",\"question\":"
       "\"say \\\"hi\\\",\\nplease\",\"reference\":\"hi\"}"                                        },
      {"d.ndjson",
       "\xEF\xBB\xBF{\"id\":\"a\",\"question\":\"2+2?\",\"reference\":\"4\"}\r\n{\"id\":\"b\","
       "\"question\":\"say \\\"hi\\\",\\nplease\",\"reference\":\"hi\"}\r\n"                       },
      {"d.json",
       "[{\"id\":\"a\",\"question\":\"2+2?\",\"reference\":\"4\"},\n "
       "{\"id\":\"b\",\"question\":\"say \\\"hi\\\",\\nplease\",\"reference\":\"hi\"}]\n"          },
      {"lines.json",
       "{\"id\":\"a\",\"question\":\"2+2?\",\"reference\":\"4\"}\n{\"id\":\"b\",\"question\":\"say "
       "\\\"hi\\\",\\nplease\",\"reference\":\"hi\"}\n"                                            },
      {"d.csv",         "id,question,reference\na,2+2?,4\nb,\"say \"\"hi\"\",\nplease\",hi\n"      },
      {"bom.CSV",
       "\xEF\xBB\xBFid,question,reference\r\na,2+2?,4\r\nb,\"say \"\"hi\"\",\nplease\",hi"         },
      {"d.tsv",         "id\tquestion\treference\na\t2+2?\t4\nb\t\"say \"\"hi\"\",\nplease\"\thi\n"},
      {"d.yaml",
       "- {id: a, question: '2+2?', reference: 4}\n- id: b\n  question: |-\n    say \"hi\",\n    "
       "please\n  reference: hi\n"                                                                 },
      {"documents.yml",
       "id: a\nquestion: 2+2?\nreference: 4\n---\nid: b\nquestion: \"say "
       "\\\"hi\\\",\\nplease\"\nreference: hi\n"                                                   },
  };
  for (const Row& row : rows) {
    for (const bool packed : {false, true}) {
      CAPTURE(row.name);
      CAPTURE(packed);
      const TemporaryFolder folder;
      DatasetSpec spec;
      spec.path = folder.write(std::string(row.name) + (packed ? ".gz" : ""),
                               packed ? gzip(row.content) : row.content);
      const Result<Dataset> dataset = Dataset::open(spec);
      REQUIRE(render(dataset.problems()) == "");
      CHECK(dataset->info().cases == 2);
      CHECK(joined(dataset->info().columns) == "id|question|reference");
      const std::vector<Case> cases = all(*dataset);
      REQUIRE(cases.size() == 2);
      CHECK(cases[0].id == "a");
      CHECK(to_text(*cases[0].variables.find("question")) == "2+2?");
      CHECK(joined(cases[0].references) == "4");
      CHECK(cases[1].id == "b");
      CHECK(to_text(*cases[1].variables.find("question")) == "say \"hi\",\nplease");
      CHECK(cases[1].variables.size() == 3);
    }
  }
}

TEST_CASE("dataset: what each field becomes") {
  struct Row {
    const char* why;
    const char* content;
    std::vector<std::pair<std::string, std::string>> fields;
    const char* expected;  // references / context / tags / group / weight
  };
  const Row rows[] = {
      {"a text",                                     R"({"reference":"x"})",                          {},                                       "x /  /  /  / 1"                },
      {"a list is several",                          R"({"references":["x",2,true]})",                {},                                       "x|2|true /  /  /  / 1"         },
      {"numbers become text",                        R"({"reference":1.5})",                          {},                                       "1.5 /  /  /  / 1"              },
      {"null is none",                               R"({"reference":null})",                         {},                                       " /  /  /  / 1"                 },
      {"a mapping becomes JSON",                     R"({"reference":{"a":[1]}})",                    {},                                       "{\"a\":[1]} /  /  /  / 1"      },
      {"dotted path",
       R"({"answers":{"text":["p","q"]}})",                                                           {{"reference", "answers.text"}},
       "p|q /  /  /  / 1"                                                                                                                                                       },
      {"pointer",
       R"({"answers":{"text":["p","q"]}})",                                                           {{"reference", "/answers/text/1"}},
       "q /  /  /  / 1"                                                                                                                                                         },
      {"a name with a dot comes first",
       R"({"a.b":"whole","a":{"b":"part"}})",                                                         {{"reference", "a.b"}},
       "whole /  /  /  / 1"                                                                                                                                                     },
      {"several columns",
       R"({"a":"x","b":["y","z"]})",                                                                  {{"reference", "a"}, {"reference", "b"}},
       "x|y|z /  /  /  / 1"                                                                                                                                                     },
      {"a mapped word hides the column of its name",
       R"({"reference":"no","a":"x"})",                                                               {{"reference", "a"}},
       "x /  /  /  / 1"                                                                                                                                                         },
      {"null switches a word off",
       R"({"weight":"5 kg","reference":"x"})",                                                        {{"weight", ""}},
       "x /  /  /  / 1"                                                                                                                                                         },
      {"passages",                                   R"({"context":["p",{"text":"q","title":"t"}]})", {},                                       " / p|q /  /  / 1"              },
      {"one passage",                                R"({"contexts":"p"})",                           {},                                       " / p /  /  / 1"                },
      {"tags as list",                               R"({"tags":["hard","lang=en"]})",                {},                                       " /  / hard=true|lang=en /  / 1"},
      {"tags as mapping",
       R"({"tags":{"lang":"en","level":3}})",                                                         {},
       " /  / lang=en|level=3 /  / 1"                                                                                                                                           },
      {"tags as text",                               R"({"tags":"hard, lang = en,,"})",               {},                                       " /  / hard=true|lang=en /  / 1"},
      {"tags from columns",
       R"({"lang":"en","level":3})",                                                                  {{"tags", "lang"}, {"tags", "level"}},
       " /  / lang=en|level=3 /  / 1"                                                                                                                                           },
      {"group and weight",                           R"({"group":7,"weight":2.5})",                   {},                                       " /  /  / 7 / 2.5"              },
      {"weight as text",                             R"({"weight":" 3 "})",                           {},                                       " /  /  /  / 3"                 },
      {"empty weight is none",                       R"({"weight":""})",                              {},                                       " /  /  /  / 1"                 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const TemporaryFolder folder;
    DatasetSpec spec;
    spec.path = folder.write("d.jsonl", row.content);
    spec.fields = row.fields;
    const Result<Dataset> dataset = Dataset::open(spec);
    REQUIRE(render(dataset.problems()) == "");
    const Case only = all(*dataset).at(0);
    std::vector<std::string> tags;
    for (const Tag& tag : only.tags) tags.push_back(tag.key + "=" + tag.value);
    CHECK(fmt::format("{} / {} / {} / {} / {}", joined(only.references), joined(only.context),
                      joined(tags), only.group, only.weight) == row.expected);
  }
}

TEST_CASE("dataset: known shapes are read as they are") {
  struct Row {
    const char* why;
    const char* content;
    const char* references;
    const char* prompt;
    const char* system;
    const char* chat;
  };
  const Row rows[] = {
      {"OpenAI evals",
       R"({"input":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"ideal":["a","b"]})",
       "a|b",                                                                                                                                                       "q",          "s", R"([{"role":"system","content":"s"},{"role":"user","content":"q"}])"},
      {"OpenAI evals, plain input",        R"({"input":"q","ideal":"a"})",                                                                                    "a",  "q",          "",
       R"([{"role":"user","content":"q"}])"                                                                                                                                                                                                                },
      {"chat",                             R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})",
       "a",                                                                                                                                                         "q",          "",  R"([{"role":"user","content":"q"}])"                                },
      {"chat without an answer",           R"({"messages":[{"role":"user","content":"q"}]})",                                                                 "",   "q",          "",
       R"([{"role":"user","content":"q"}])"                                                                                                                                                                                                                },
      {"chat of several turns",
       R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"x"},{"role":"user","content":"r"},{"role":"assistant","content":"a"}]})",
       "a",                                                                                                                                                         "r",          "",
       R"([{"role":"user","content":"q"},{"role":"assistant","content":"x"},{"role":"user","content":"r"}])"                                                                                                                                               },
      {"chat with parts",
       R"({"messages":[{"role":"user","content":[{"type":"text","text":"q"}]},{"role":"assistant","content":"a"}]})",
       "a",                                                                                                                                                         "q",          "",  R"([{"role":"user","content":[{"type":"text","text":"q"}]}])"       },
      {"ShareGPT",
       R"({"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}],"system":"s"})",
       "a",                                                                                                                                                         "q",          "s", R"([{"role":"system","content":"s"},{"role":"user","content":"q"}])"},
      {"Alpaca",                           R"({"instruction":"add","input":"1 2","output":"3"})",                                                             "3",  "add\n\n1 2", "",
       R"([{"role":"user","content":"add\n\n1 2"}])"                                                                                                                                                                                                       },
      {"Alpaca without input",             R"({"instruction":"hi","input":"","output":"ho"})",                                                                "ho", "hi",         "",
       R"([{"role":"user","content":"hi"}])"                                                                                                                                                                                                               },
      {"a column `reference` comes first", R"({"instruction":"hi","output":"ho","reference":"hu"})",
       "hu",                                                                                                                                                        "hi",         "",  R"([{"role":"user","content":"hi"}])"                               },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const TemporaryFolder folder;
    DatasetSpec spec;
    spec.path = folder.write("d.jsonl", row.content);
    const Result<Dataset> dataset = Dataset::open(spec);
    REQUIRE(render(dataset.problems()) == "");
    const Case only = all(*dataset).at(0);
    CHECK(joined(only.references) == row.references);
    CHECK(to_text(*only.variables.find("prompt")) == row.prompt);
    CHECK(to_text(*only.variables.find("system")) == row.system);
    CHECK(dump_json(*only.variables.find("chat")) == row.chat);
  }
}

TEST_CASE("dataset: every problem of the file at once, each with its place") {
  struct Row {
    const char* why;
    const char* name;
    const char* content;
    std::vector<std::pair<std::string, std::string>> fields;
    const char* expected;
  };
  const Row rows[] = {
      {"broken lines do not hide each other",
       "d.jsonl",    "{\"id\":1}\n{\"id\":2,}\n[1]\n{\"id\" 3}\n",
       {},
       "d.jsonl:2:9: error: not valid JSON: unexpected `}`\n"
       " 2 | {\"id\":2,}\n"
       "   |         ^ expected a name in double quotes\n"
       "  = help: remove the comma before it\n"
       "d.jsonl:3:1: error: a record is a list\n"
       " 3 | [1]\n"
       "   | ^ expected a mapping of columns to values\n"
       "d.jsonl:4:7: error: not valid JSON: unexpected `3`\n"
       " 4 | {\"id\" 3}\n"
       "   |       ^ expected `:`\n"                                                  },
      {"a given id stands twice",
       "d.jsonl",    "{\"id\":\"q1\"}\n{\"id\":\"q2\"}\n{\"n\":0,\"id\":\"q1\"}\n",
       {},
       "d.jsonl:3:13: error: id `q1` stands here a second time\n"
       " 3 | {\"n\":0,\"id\":\"q1\"}\n"
       "   |             ^^^^ expected an id of its own\n"
       "  = help: line 1 has it first\n"                                              },
      {"a column twice",
       "d.jsonl",    "{\"a\":1,\"a\":2}\n",
       {},
       "d.jsonl:1:12: error: column `a` stands here a second time\n"
       " 1 | {\"a\":1,\"a\":2}\n"
       "   |            ^\n"
       "  = help: keep one of the two\n"                                              },
      {"a mapped column that no row has",
       "d.jsonl",    "{\"id\":1,\"answer\":\"x\"}\n{\"id\":2,\"answer\":\"y\"}\n",
       {{"reference", "anwser"}},
       "d.jsonl:1:1: error: no record has the column `anwser`, which `fields` names as reference\n"
       " 1 | {\"id\":1,\"answer\":\"x\"}\n"
       "   | ^ expected one of: answer, id\n"
       "  = help: did you mean `answer`?\n"                                           },
      {"a reference that one row lacks",
       "d.jsonl",    "{\"a\":\"x\"}\n{\"b\":\"y\"}\n",
       {{"reference", "a"}},
       "d.jsonl:2:1: error: no column `a` in this record\n"
       " 2 | {\"b\":\"y\"}\n"
       "   | ^ expected the reference there\n"
       "  = help: write null where a case has none\n"                                 },
      {"wrong kinds",
       "d.jsonl",    "{\"id\":{},\"weight\":-1,\"reference\":[[1]],\"tags\":[{}],\"context\":[3,{}]}\n",
       {},
       "d.jsonl:1:7: error: the id is {}\n"
       " 1 | {\"id\":{},\"weight\":-1,\"reference\":[[1]],\"tags\":[{}],\"context\":[3,{}]}\n"
       "   |       ^ expected a text or a number\n"
       "  = help: `fields: {id: null}` where the column means something else\n"
       "d.jsonl:1:19: error: the weight is -1\n"
       " 1 | {\"id\":{},\"weight\":-1,\"reference\":[[1]],\"tags\":[{}],\"context\":[3,{}]}\n"
       "   |                   ^^ expected a number above 0\n"
       "  = help: `fields: {weight: null}` where the column means something else\n"
       "d.jsonl:1:35: error: the reference is [1]\n"
       " 1 | {\"id\":{},\"weight\":-1,\"reference\":[[1]],\"tags\":[{}],\"context\":[3,{}]}\n"
       "   |                                   ^ expected a text\n"
       "  = help: `fields: {reference: null}` where the column means something else\n"
       "d.jsonl:1:48: error: the tags are {}\n"
       " 1 | {\"id\":{},\"weight\":-1,\"reference\":[[1]],\"tags\":[{}],\"context\":[3,{}]}\n"
       "   |                                                ^ expected a word\n"
       "  = help: `fields: {tags: null}` where the column means something else\n"
       "d.jsonl:1:65: error: the context is {}\n"
       " 1 | {\"id\":{},\"weight\":-1,\"reference\":[[1]],\"tags\":[{}],\"context\":[3,{}]}\n"
       "   |                                                                 ^ expected a text, or "
       "a mapping with `text`\n"
       "  = help: `fields: {context: null}` where the column means something else\n"  },
      {"CSV cells",
       "d.csv",      "id,weight\na,1,2\n\nb\n\"c\nd\",heavy\n",
       {},
       "d.csv:2:5: error: 3 cells in a record of 2 columns\n"
       " 2 | a,1,2\n"
       "   |     ^ expected the end of the line\n"
       "  = help: a cell with a separator inside stands in quotes\n"
       "d.csv:4:2: error: 1 cell in a record of 2 columns\n"
       " 4 | b\n"
       "   |  ^ expected a cell for `weight`\n"
       "d.csv:6:4: error: the weight is \"heavy\"\n"
       " 6 | d\",heavy\n"
       "   |    ^^^^^ expected a number above 0\n"
       "  = help: `fields: {weight: null}` where the column means something else\n"   },
      {"CSV header",
       "d.csv",      "id,,id\n1,2,3\n",
       {},
       "d.csv:1:4: error: a column without a name\n"
       " 1 | id,,id\n"
       "   |    ^ expected a name in the header line\n"
       "d.csv:1:5: error: column `id` stands here a second time\n"
       " 1 | id,,id\n"
       "   |     ^^\n"
       "  = help: give each column a name of its own\n"                               },
      {"JSON list",
       "d.json",     "[\n  {\"id\": 1},\n  {\"id\": nope},\n  7,\n  {\"id\": 1}\n]\n",
       {},
       "d.json:3:10: error: not valid JSON: unexpected `nope`\n"
       " 3 |   {\"id\": nope},\n"
       "   |          ^ expected a value\n"
       "d.json:4:3: error: a record is a number\n"
       " 4 |   7,\n"
       "   |   ^ expected a mapping of columns to values\n"
       "d.json:5:10: error: id `1` stands here a second time\n"
       " 5 |   {\"id\": 1}\n"
       "   |          ^ expected an id of its own\n"
       "  = help: line 2 has it first\n"                                              },
      {"JSON list that ends too early",
       "d.json",     "[{\"id\": 1},\n",
       {},
       "d.json:2:1: error: not valid JSON: the text ends too early\n"
       "  = expected `]`\n"                                                           },
      {"JSON record that ends too early",
       "d.json",     "[{\"id\": 1",
       {},
       "d.json:1:10: error: not valid JSON: the text ends too early\n"
       " 1 | [{\"id\": 1\n"
       "   |          ^ expected `,` or `}`\n"                                        },
      {"JSON object alone",
       "d.json",     "{\n \"data\": [{\"id\": 1}]\n}\n",
       {},
       "d.json:1:1: error: the file is one object\n"
       " 1 | {\n"
       "   | ^ expected a list of records\n"
       "  = help: put the records into a list, or one on each line of a .jsonl file\n"},
      {"YAML",
       "d.yaml",     "- {id: a, weight: no}\n- b\n- {id: a}\n",
       {},
       "d.yaml:1:19: error: the weight is \"no\"\n"
       " 1 | - {id: a, weight: no}\n"
       "   |                   ^^ expected a number above 0\n"
       "  = help: `fields: {weight: null}` where the column means something else\n"
       "d.yaml:2:3: error: a record is a text\n"
       " 2 | - b\n"
       "   |   ^ expected a mapping of columns to values\n"
       "d.yaml:3:8: error: id `a` stands here a second time\n"
       " 3 | - {id: a}\n"
       "   |        ^ expected an id of its own\n"
       "  = help: line 1 has it first\n"                                              },
      {"a turn without a speaker",
       "d.jsonl",    R"({"messages":[{"role":"user","content":"q"},{"content":"a"}]})",
       {},
       "d.jsonl:1:44: error: turn 2 of `messages` has no `role`\n"
       " 1 | {\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"content\":\"a\"}]}\n"
       "   |                                            ^ expected a mapping with `role` and "
       "`content`\n"                                                                  },
      {"no rows",
       "d.csv",      "id,question\n",
       {},
       "d.csv: error: no rows\n  = expected at least one case\n"                      },
      {"an empty file",
       "d.json",     "",
       {},
       "d.json: error: no rows\n  = expected at least one case\n"                     },
      {"UTF-16",
       "d.csv",      "\xFF\xFEi",
       {},
       "d.csv: error: the file is UTF-16\n  = expected a text in UTF-8\n  = help: `iconv -f UTF-16 "
       "-t UTF-8` converts it\n"                                                      },
      {"broken gzip",
       "d.jsonl.gz", "\x1F\x8B\x08nothing like gzip",
       {},
       "d.jsonl.gz: error: broken gzip data: unknown header flags set\n"              },
      {"unknown extension",
       "d.txt",      "x",
       {},
       "d.txt: error: unknown extension `.txt` of a dataset\n"
       "  = help: say which format it is with `format:` (expected one of: csv, json, jsonl, tsv, "
       "yaml)\n"                                                                      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(problems(row.name, row.content, row.fields) == row.expected);
  }
}
