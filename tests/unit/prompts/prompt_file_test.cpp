#include "prompts/prompt_file.h"

#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

constexpr const char* kFull = R"(name: support
version: "2.3.1"
model: claude-3-5-sonnet-20241022
created: 2025-11-15
author: team-ai
changelog: Added explicit refund policy handling
system: |
  You are a customer support assistant for {{ company }}.
  {% include "tone.txt" -%}
messages:
  - role: user
    content:
      - text: "{{ question }}"
      - {type: image_url, image_url: {url: "{{ picture }}", detail: low}}
      - file: terms.pdf
  - {role: assistant, tool_calls: [{id: a}]}
  - {role: tool, tool_call_id: a, content: done}
parameters: {temperature: 0.3, max_tokens: 512, extra_body: {magic: true}}
response_format: {json_schema: schemas/answer.json, strict: true}
tools: tools.yaml
variables: {company: Acme}
eval_metrics: {last_run: "2025-11-14", faithfulness: 0.92}
)";

void write_files(const test::TemporaryFolder& folder) {
  (void)folder.write("prompts/support/tone.txt", "Be {{ tone }}.\n");
  (void)folder.write("prompts/schemas/answer.json", R"({"type": "object"})");
  (void)folder.write("prompts/support/tools.yaml",
                     "- {name: f, description: d, input_schema: {type: object}}\n");
}

// Messages name the file as it was given: that part is cut off.
std::string without(std::string text, const std::string& what) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what))
    text.erase(at, what.size());
  return text;
}

}  // namespace

TEST_CASE("prompt file: every field") {
  const test::TemporaryFolder folder;
  write_files(folder);
  const Result<Prompt> read = load_prompt(folder.write("prompts/support/2.3.1.yaml", kFull));
  CAPTURE(render(read.problems()));
  REQUIRE(read);
  const Prompt& prompt = *read;
  CHECK(prompt.name == "support");
  CHECK(prompt.version == "2.3.1");
  CHECK(prompt.model == "claude-3-5-sonnet-20241022");
  CHECK(prompt.created == "2025-11-15");
  CHECK(prompt.author == "team-ai");
  CHECK(prompt.changelog == "Added explicit refund policy handling");
  REQUIRE(prompt.messages.size() == 4);
  CHECK(prompt.messages[0].role == "system");
  CHECK(prompt.messages[0].parts[0].content.resolved() ==
        "You are a customer support assistant for {{ company }}.\nBe {{ tone }}.\n");
  const MessageTemplate& user = prompt.messages[1];
  REQUIRE(user.parts.size() == 3);
  CHECK(user.parts[1].type == "image_url");
  CHECK(user.parts[1].extra == Object{
                                   {"detail", "low"}
  });
  CHECK(user.parts[2].type == "file");
  CHECK(user.parts[2].content.resolved() == "terms.pdf");
  CHECK(prompt.messages[2].parts.empty());
  CHECK(dump_json(Value(prompt.messages[2].extra)) == R"({"tool_calls":[{"id":"a"}]})");
  CHECK(prompt.messages[3].extra == Object{
                                        {"tool_call_id", "a"}
  });
  CHECK(dump_json(Value(prompt.parameters)) ==
        R"({"temperature":0.3,"max_tokens":512,"magic":true})");
  CHECK(
      dump_json(prompt.response_format) ==
      R"({"type":"json_schema","json_schema":{"schema":{"type":"object"},"strict":true,"name":"answer"}})");
  CHECK(
      dump_json(prompt.tools) ==
      R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}])");
  CHECK(prompt.variables == Object{
                                {"company", "Acme"}
  });
  CHECK(prompt.eval_metrics.find("faithfulness")->number() == 0.92);
}

TEST_CASE("prompt file: the hash is that of what is asked") {
  const auto hash_of = [](const std::string& from, const std::string& to,
                          const char* tone = "Be {{ tone }}.\n") {
    const test::TemporaryFolder folder;
    write_files(folder);
    (void)folder.write("prompts/support/tone.txt", tone);
    std::string text = kFull;
    text.replace(text.find(from), from.size(), to);
    const Result<Prompt> read = load_prompt(folder.write("prompts/support/2.3.1.yaml", text));
    CAPTURE(render(read.problems()));
    REQUIRE(read);
    return read->sha256;
  };
  const std::string hash = hash_of("Acme", "Acme");
  CHECK(hash.size() == 64);
  struct Row {
    const char* from;
    const char* to;
    bool same;
  };
  const Row rows[] = {
      {"name: support",                      "name: other",                         true },
      {"claude-3-5-sonnet-20241022",         "gpt-4o",                              true },
      {"team-ai",                            "me",                                  true },
      {"0.92",                               "0.5",                                 true },
      {"Added",                              "Removed",                             true },
      {"{temperature: 0.3, max_tokens: 512", "{max_tokens: 512, temperature: 0.30", true },
      {"\"{{ question }}\"",                 "'{{ question }}'",                    true },
      {"0.3",                                "0.4",                                 false},
      {"Acme",                               "Acmee",                               false},
      {"{{ question }}",                     "{{question}}",                        false},
      {"strict: true",                       "strict: false",                       false},
      {"detail: low",                        "detail: high",                        false},
      {"role: user",                         "role: assistant",                     false},
      {"tools: tools.yaml",                  "tools:",                              false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.from);
    CHECK((hash_of(row.from, row.to) == hash) == row.same);
  }
  CHECK(hash_of("Acme", "Acme", "Be very {{ tone }}.\n") != hash);
  // An include counts as the text that it brings.
  CHECK(hash_of("{% include \"tone.txt\" -%}", "Be {{ tone }}.") == hash);
}

TEST_CASE("prompt file: everything that is wrong, with place and cure") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"name: s\n"
       "version: 1.10\n"
       "user: x\n",                                      "p.yaml:2:10: error: `version` is the number 1.10\n"
       " 2 | version: 1.10\n"
       "   |          ^^^^ expected a semantic version in quotes: \"1.0.0\"\n"
       "  = help: YAML reads it as 1.1: write `version: \"1.10.0\"`\n"                                             },
      {"name: s\n"
       "version: 1\n"
       "user: x\n",                                      "p.yaml:2:10: error: `version` is the number 1\n"
       " 2 | version: 1\n"
       "   |          ^ expected a semantic version in quotes: \"1.0.0\"\n"
       "  = help: YAML reads it as 1: write `version: \"1.0.0\"`\n"                                                },
      {"name: s\n"
       "version: v1.0.0\n"
       "user: x\n",                                      "p.yaml:2:10: error: `version` is \"v1.0.0\"\n"
       " 2 | version: v1.0.0\n"
       "   |          ^^^^^^ expected a semantic version: \"1.0.0\"\n"
       "  = help: write it without the letter: `1.0.0`\n"                                                          },
      {"name: s\n"
       "version: 1.0\n"
       "user: x\n",                                      "p.yaml:2:10: error: `version` is the number 1.0\n"
       " 2 | version: 1.0\n"
       "   |          ^^^ expected a semantic version in quotes: \"1.0.0\"\n"
       "  = help: YAML reads it as 1.0: write `version: \"1.0.0\"`\n"                                              },
      {"name: s\n"
       "version: 01.0.0\n"
       "user: x\n",                                      "p.yaml:2:10: error: `version` is \"01.0.0\"\n"
       " 2 | version: 01.0.0\n"
       "   |          ^^^^^^ expected a semantic version: \"1.0.0\"\n"
       "  = help: numbers have no leading zeros\n"                                                                 },
      {"name: s\n"
       "version: latest\n"
       "user: x\n",                                      "p.yaml:2:10: error: `version` is \"latest\"\n"
       " 2 | version: latest\n"
       "   |          ^^^^^^ expected a semantic version: \"1.0.0\"\n"
       "  = help: a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
       "`1.0.0-rc.1`\n"                                                                                            },
      {"name: s\n"
       "version: 1.0.0\n"
       "usr: x\n"
       "parameters:\n"
       "  temprature: 0.2\n"
       "  weird: 1\n"
       "  model: x\n"
       "  top_p: 2\n"
       "  stop:\n",                                      "p.yaml:1:1: error: the prompt asks nothing\n"
       " 1 | name: s\n"
       "   | ^ expected the key `user` or the key `messages`\n"
       "p.yaml:5:3: error: unknown key `temprature`\n"
       " 5 |   temprature: 0.2\n"
       "   |   ^^^^^^^^^^ expected a parameter such as max_tokens, seed, stop, temperature, top_p\n"
       "  = help: did you mean `temperature`?\n"
       "p.yaml:6:3: error: unknown key `weird`\n"
       " 6 |   weird: 1\n"
       "   |   ^^^^^ expected a parameter such as max_tokens, seed, stop, temperature, top_p\n"
       "  = help: what only this server knows stands under `extra_body:`\n"
       "p.yaml:7:3: error: `model` is no parameter\n"
       " 7 |   model: x\n"
       "   |   ^^^^^\n"
       "  = help: write `model:` beside `parameters:`\n"
       "p.yaml:8:10: error: `top_p` is 2\n"
       " 8 |   top_p: 2\n"
       "   |          ^ expected a number from 0 to 1\n"
       "p.yaml:9:3: error: `stop` is empty\n"
       " 9 |   stop:\n"
       "   |   ^^^^ expected a value\n"
       "  = help: leave the key out\n"
       "p.yaml:3:1: error: unknown key `usr`\n"
       " 3 | usr: x\n"
       "   | ^^^ expected one of: author, changelog, created, eval_metrics, intended_use, limits, "
       "messages, model, name, "
       "parameters, response_format, system, tools, user, variables, version\n"
       "  = help: did you mean `user`?\n"                                                                          },
      {"",
       "p.yaml: error: the prompt is empty\n"
       "  = expected a mapping of keys to values\n"                                                                                          },
      {"- a\n",
       "p.yaml:1:1: error: the prompt is a list\n"
       " 1 | - a\n"
       "   | ^ expected a mapping of keys to values\n"                                                                                       },
      {"name: s\n"
       "version: 1.0.0\n",                               "p.yaml:1:1: error: the prompt asks nothing\n"
       " 1 | name: s\n"
       "   | ^ expected the key `user` or the key `messages`\n"                                             },
      {"name: s\n"
       "version: 1.0.0\n"
       "user: {{ question }}\n",                         "p.yaml:3:8: error: a key must be a single word or text\n"
       " 3 | user: {{ question }}\n"
       "   |        ^\n"
       "  = help: a text that starts with `{{` needs quotes: \"{{ question }}\"\n"                    },
      {"name: s\n"
       "version: 1.0.0\n"
       "user: {question}\n",                             "p.yaml:3:7: error: the content of a message is a mapping\n"
       " 3 | user: {question}\n"
       "   |       ^ expected a text or a list of parts\n"
       "  = help: a text that starts with `{` needs quotes\n"                                             },
      {"name: s\n"
       "version: 1.0.0\n"
       "user: a\n"
       "messages: []\n",                                 "p.yaml:4:1: error: `user` and `messages` stand side by side\n"
       " 4 | messages: []\n"
       "   | ^^^^^^^^ expected one of the two\n"
       "  = help: write the user's turn as the last of `messages`\n"
       "p.yaml:4:11: error: `messages` is empty\n"
       " 4 | messages: []\n"
       "   |           ^ expected a list of {role, content}\n"                                                },
      {"name: s\n"
       "version: 1.0.0\n"
       "messages: []\n",                                 "p.yaml:3:11: error: `messages` is empty\n"
       " 3 | messages: []\n"
       "   |           ^ expected a list of {role, content}\n"                                                },
      {"name: s\n"
       "version: 1.0.0\n"
       "system: s\n"
       "messages:\n"
       "  - role: systm\n"
       "    content: x\n"
       "  - role: system\n"
       "    content: y\n"
       "  - role: tool\n"
       "    content: z\n"
       "  - rol: user\n"
       "  - plain\n"
       "  - {role: assistant, tool_calls: [{id: a}]}\n", "p.yaml:5:11: error: `role` is `systm`\n"
       " 5 |   - role: systm\n"
       "   |           ^^^^^ expected one of: assistant, system, tool, user\n"
       "  = help: did you mean `system`?\n"
       "p.yaml:7:11: error: a second system message\n"
       " 7 |   - role: system\n"
       "   |           ^^^^^^ expected `system:` or a message with the role system\n"
       "  = help: keep one of the two\n"
       "p.yaml:9:5: error: a message has no `tool_call_id`\n"
       " 9 |   - role: tool\n"
       "   |     ^ expected the key `tool_call_id`\n"
       "  = help: it names the call that this message answers\n"
       "p.yaml:11:5: error: a message has no `role`\n"
       " 11 |   - rol: user\n"
       "    |     ^ expected the key `role`\n"
       "  = help: the roles are system, user, assistant and tool\n"
       "p.yaml:11:5: error: a message has no `content`\n"
       " 11 |   - rol: user\n"
       "    |     ^ expected the key `content`\n"
       "p.yaml:11:5: error: unknown key `rol`\n"
       " 11 |   - rol: user\n"
       "    |     ^^^ expected one of: content, name, role, tool_call_id, tool_calls\n"
       "  = help: did you mean `role`?\n"
       "p.yaml:12:5: error: a message is a text\n"
       " 12 |   - plain\n"
       "    |     ^ expected a mapping of keys to values\n"                   },
      {"name: s\n"
       "version: 1.0.0\n"
       "user:\n"
       "  - {type: audio, audio: x}\n"
       "  - {text: [1]}\n"
       "  - {image_url: {ur: u}}\n"
       "  - {}\n"
       "  - {type: file}\n",                             "p.yaml:4:12: error: `type` is `audio`\n"
       " 4 |   - {type: audio, audio: x}\n"
       "   |            ^^^^^ expected one of: file, image_url, text\n"
       "p.yaml:5:12: error: `text` is a list\n"
       " 5 |   - {text: [1]}\n"
       "   |            ^ expected a text\n"
       "p.yaml:6:17: error: an image has no `url`\n"
       " 6 |   - {image_url: {ur: u}}\n"
       "   |                 ^ expected the key `url`\n"
       "p.yaml:6:18: error: unknown key `ur`\n"
       " 6 |   - {image_url: {ur: u}}\n"
       "   |                  ^^ expected one of: detail, url\n"
       "  = help: did you mean `url`?\n"
       "p.yaml:7:5: error: a part has no `type`\n"
       " 7 |   - {}\n"
       "   |     ^ expected the key `type`\n"
       "  = help: the types are text, image_url and file\n"
       "p.yaml:8:5: error: a part has no `file`\n"
       " 8 |   - {type: file}\n"
       "   |     ^ expected the key `file`\n"                                                             },
      {"name: s\n"
       "version: 1.0.0\n"
       "system: |\n"
       "  {% include \"in.txt\" %}\n"
       "  {% include \"../../secret\" %}\n"
       "  {% include \"/etc/passwd\" %}\n"
       "  {% include \"gone.txt\" %}\n"
       "user: '{{ a | uper }}'\n",                       "p.yaml:5:14: error: cannot include `../../secret`: it lies outside the prompt folder\n"
       " 5 |   {% include \"../../secret\" %}\n"
       "   |              ^^^^^^^^^^^^^^ expected a path below that folder\n"
       "p.yaml:6:14: error: cannot include `/etc/passwd`: it lies outside the prompt folder\n"
       " 6 |   {% include \"/etc/passwd\" %}\n"
       "   |              ^^^^^^^^^^^^^ expected a path below that folder\n"
       "p.yaml:7:14: error: cannot include `gone.txt`: no such file\n"
       " 7 |   {% include \"gone.txt\" %}\n"
       "   |              ^^^^^^^^^^\n"
       "p.yaml:8:15: error: unknown filter `uper`\n"
       " 8 | user: '{{ a | uper }}'\n"
       "   |               ^^^^ expected one of: abs, capitalize, default, dictsort, first, float, "
       "indent, int, items, join, last, length, list, lower, map, max, min, reject, rejectattr, "
       "replace, reverse, round, select, selectattr, sort, string, sum, title, tojson, trim, "
       "truncate, unique, upper, wordcount\n"
       "  = help: did you mean `upper`?\n"                                                          },
      {"name: s\n"
       "version: 1.0.0\n"
       "user: x\n"
       "response_format: {json_schema: gone.json}\n"
       "tools: bad.json\n",                              "p.yaml:4:32: error: `json_schema`: gone.json: no such file\n"
       " 4 | response_format: {json_schema: gone.json}\n"
       "   |                                ^^^^^^^^^\n"
       "bad.json:1:6: error: not valid JSON: unexpected `}`\n"
       " 1 | {\"a\":}\n"
       "   |      ^ expected a value\n"                                                                    },
      {"name: s\n"
       "version: 1.0.0\n"
       "user: x\n"
       "response_format: json_schema\n"
       "tools: [{description: x}, 3]\n",                 "p.yaml:4:18: error: `json_schema` without a schema\n"
       " 4 | response_format: json_schema\n"
       "   |                  ^^^^^^^^^^^ expected {json_schema: FILE}\n"
       "p.yaml:5:9: error: a tool has no `name`\n"
       " 5 | tools: [{description: x}, 3]\n"
       "   |         ^ expected a list of {name, description, parameters}\n"
       "p.yaml:5:27: error: a tool is a number\n"
       " 5 | tools: [{description: x}, 3]\n"
       "   |                           ^ expected a list of {name, description, parameters}\n"},
      {"name: s\n"
       "version: 1.0.0\n"
       "user: x\n"
       "response_format: {typ: json_object}\n"
       "tools: {a: 1}\n",                                "p.yaml:4:19: error: unknown key `typ`\n"
       " 4 | response_format: {typ: json_object}\n"
       "   |                   ^^^ expected one of: json_schema, name, strict, type\n"
       "  = help: did you mean `type`?\n"
       "p.yaml:4:18: error: `response_format` has no `json_schema`\n"
       " 4 | response_format: {typ: json_object}\n"
       "   |                  ^ expected the key `json_schema`\n"
       "  = help: or write `type: json_object`\n"
       "p.yaml:5:8: error: `tools` is a mapping\n"
       " 5 | tools: {a: 1}\n"
       "   |        ^ expected a list of {name, description, parameters}\n"                                  },
      {"name: a b\n"
       "version: 1.0.0\n"
       "user: 5\n"
       "model: [x]\n"
       "variables: 3\n",                                 "p.yaml:1:7: error: `name` is `a b`\n"
       " 1 | name: a b\n"
       "   |       ^^^ expected letters, digits and the marks . _ - /\n"
       "p.yaml:4:8: error: `model` is [\"x\"]\n"
       " 4 | model: [x]\n"
       "   |        ^^^ expected a text\n"
       "p.yaml:5:12: error: `variables` is 3\n"
       " 5 | variables: 3\n"
       "   |            ^ expected a mapping of keys to values\n"                                             },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const test::TemporaryFolder folder;
    (void)folder.write("schemas/answer.json", R"({"type": "object"})");
    (void)folder.write("bad.json", "{\"a\":}");
    (void)folder.write("in.txt", "inc {{ x }}\n");
    const Result<Prompt> read = load_prompt(folder.write("p.yaml", row.text));
    REQUIRE_FALSE(read);
    std::string message = without(render(read.problems()), folder.path().string() + "/");
    CHECK(message == row.message);
  }
}

TEST_CASE("prompt file: a file that is named for a version holds that version") {
  const test::TemporaryFolder folder;
  const auto file = folder.write("support/2.3.1.yaml", "name: support\nversion: 2.3.2\nuser: x\n");
  const Result<Prompt> read = load_prompt(file);
  REQUIRE_FALSE(read);
  CHECK(without(render(read.problems()), folder.path().string() + "/") ==
        "support/2.3.1.yaml:2:10: error: `version` is 2.3.2 in a file named 2.3.1.yaml\n"
        " 2 | version: 2.3.2\n"
        "   |          ^^^^^ expected 2.3.1\n"
        "  = help: a version keeps its file; a new one gets a new file\n");
}

TEST_CASE("prompt file: inline in a suite, name and version may be left out") {
  const Source source("llmops.yaml", "prompt: {user: \"{{ question }} {{ nme }}\", name: q}\n");
  const Result<Value> suite = parse_yaml(source);
  REQUIRE(suite);
  const Result<Prompt> prompt = read_prompt(*suite->find("prompt"), source, "");
  REQUIRE(prompt);
  CHECK(prompt->name == "q");
  CHECK(prompt->version.empty());
  CHECK(prompt->file.empty());
  const Object data{
      {"question", "x"},
      {"name",     "y"}
  };
  const Result<std::string> text = prompt->messages[0].parts[0].content.render({&data});
  REQUIRE_FALSE(text);
  CHECK(render(text.problems()) ==
        "llmops.yaml:1:35: error: undefined variable `nme`\n"
        " 1 | prompt: {user: \"{{ question }} {{ nme }}\", name: q}\n"
        "   |                                   ^^^ expected one of: name, question\n"
        "  = help: did you mean `name`?\n");
}
