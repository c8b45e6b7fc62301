#include "prompts/lint/lint.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "datasets/lint.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/sensitive.h"
#include "prompts/lint/output.h"
#include "prompts/lint/rubric.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

std::string without(std::string text, const std::string& what) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what))
    text.erase(at, what.size());
  return text;
}

struct Row {
  const char* rule;
  const char* text;
  const char* findings;
};

Row row(const char* rule, const char* text, const char* findings) { return {rule, text, findings}; }

// One bad file a rule.
std::vector<Row> rows() {
  return {
      row("prompt-invalid",
          "name: p\n"
          "version: 1.1.0\n"
          "user: x\n"
          "temprature: 1\n",
          "p.yaml:4:1: error: unknown key `temprature` [prompt-invalid]\n"
          " 4 | temprature: 1\n"
          "   | ^^^^^^^^^^ expected one of: author, changelog, created, eval_metrics, "
          "intended_use, limits, messages, model, name, parameters, response_format, system, "
          "tools, user, variables, version\n"),
      row("empty-message",
          "name: p\n"
          "version: 1.1.0\n"
          "system: ' '\n"
          "user: x\n",
          "p.yaml:3:9: warning: the message is empty [empty-message]\n"
          " 3 | system: ' '\n"
          "   |         ^ expected a text\n"
          "  = help: leave the message out\n"),
      row("json-unmentioned",
          "name: p\n"
          "version: 1.1.0\n"
          "user: x\n"
          "response_format: json_object\n",
          "p.yaml:4:18: warning: `json_object` is asked for, and no message says so "
          "[json-unmentioned]\n"
          " 4 | response_format: json_object\n"
          "   |                  ^ expected the word JSON in a message\n"
          "  = help: OpenAI refuses the request, and other servers may never stop\n"),
      row("undefined-variable",
          "name: p\n"
          "version: 1.1.0\n"
          "user: |\n"
          "  {{ answer }} {{ unused }}\n"
          "  {{ quesion }} {{ maybe | default('') }} {{ id }}\n",
          "p.yaml:5:6: error: `quesion` is no column of the dataset and has no default "
          "[undefined-variable]\n"
          " 5 |   {{ quesion }} {{ maybe | default('') }} {{ id }}\n"
          "   |      ^^^^^^^ expected one of: answer, question, unused\n"
          "  = help: did you mean `question`?\n"),
      row("unused-default",
          "name: p\n"
          "version: 1.1.0\n"
          "user: '{{ question }} {{ answer }} {{ unused }} {{ company }}'\n"
          "variables: {company: A, compnay: B}\n",
          "p.yaml:4:25: warning: the default `compnay` is used by no template [unused-default]\n"
          " 4 | variables: {company: A, compnay: B}\n"
          "   |                         ^^^^^^^\n"
          "  = help: did you mean `company`?\n"),
      row("unused-column",
          "name: p\n"
          "version: 1.1.0\n"
          "user: '{{ question }} {{ answer }}'\n",
          "p.yaml:1:1: note: the column `unused` of the dataset is used nowhere [unused-column]\n"
          " 1 | name: p\n"
          "   | ^\n"),
      row("version-duplicate",
          "name: p\n"
          "version: 1.0.0\n"
          "user: x\n",
          "p.yaml:2:10: error: version 1.0.0 stands in 1.0.0.yaml too [version-duplicate]\n"
          " 2 | version: 1.0.0\n"
          "   |          ^^^^^\n"
          "  = help: a version is written once: give the newer one the next number\n"),
      row("version-order",
          "name: p\n"
          "version: 1.1.0\n"
          "created: 2025-01-01\n"
          "user: x\n",
          "p.yaml:3:10: warning: version 1.1.0 was created before 1.0.0 (2025-06-01) "
          "[version-order]\n"
          " 3 | created: 2025-01-01\n"
          "   |          ^^^^^^^^^^\n"
          "  = help: versions ascend with time: is the number or the date wrong?\n"),
      row("version-same-content",
          "name: p\n"
          "version: 1.1.0\n"
          "user: \"old\"\n",
          "p.yaml:2:10: warning: version 1.1.0 asks exactly what 1.0.0 asks "
          "[version-same-content]\n"
          " 2 | version: 1.1.0\n"
          "   |          ^^^^^\n"
          "  = help: a version without a change needs no number\n"),
      row("name-mismatch",
          "name: q\n"
          "version: 1.1.0\n"
          "user: x\n",
          "p.yaml:1:7: warning: `name` is q, the file is called p [name-mismatch]\n"
          " 1 | name: q\n"
          "   |       ^ expected p\n"
          "  = help: references find a prompt by the name of its place\n"),
      row("model-not-pinned",
          "name: p\n"
          "version: 1.1.0\n"
          "model: gpt-4o\n"
          "user: x\n",
          "p.yaml:3:8: warning: `gpt-4o` names no fixed model [model-not-pinned]\n"
          " 3 | model: gpt-4o\n"
          "   |        ^^^^^^ expected a dated name such as gpt-4o-2024-08-06\n"
          "  = help: the vendor may put another model behind this name, and scores change without "
          "a commit\n"),
      row("deprecated-parameter",
          "name: p\n"
          "version: 1.1.0\n"
          "model: o3-mini-2025-01-31\n"
          "user: x\n"
          "parameters:\n"
          "  max_tokens: 5\n"
          "  functions: []\n",
          "p.yaml:6:3: warning: reasoning models refuse `max_tokens` [deprecated-parameter]\n"
          " 6 |   max_tokens: 5\n"
          "   |   ^^^^^^^^^^\n"
          "  = help: write `max_completion_tokens`\n"
          "p.yaml:7:3: warning: `functions` is deprecated [deprecated-parameter]\n"
          " 7 |   functions: []\n"
          "   |   ^^^^^^^^^\n"
          "  = help: write `tools:` beside `parameters:`\n"),
      row("conflicting-parameters",
          "name: p\n"
          "version: 1.1.0\n"
          "user: x\n"
          "parameters: {temperature: 0, top_p: 0.9, top_k: 5}\n",
          "p.yaml:4:30: warning: `temperature` and `top_p` are both set [conflicting-parameters]\n"
          " 4 | parameters: {temperature: 0, top_p: 0.9, top_k: 5}\n"
          "   |                              ^^^^^ expected one of the two\n"
          "  = help: vendors advise to change one of them only\n"
          "p.yaml:4:49: warning: `top_k` does nothing at temperature 0 [conflicting-parameters]\n"
          " 4 | parameters: {temperature: 0, top_p: 0.9, top_k: 5}\n"
          "   |                                                 ^\n"
          "  = help: leave it out\n"),
      row("bidi-control",
          "name: p\n"
          "version: 1.1.0\n"
          "user: \"a \342\200\256b \\u202e c\"\n",
          "p.yaml:3:10: error: U+202E, a bidirectional control [bidi-control]\n"
          " 3 | user: \"a \\u202eb \\u202e c\"\n"
          "   |          ^^^^^^\n"
          "  = help: it makes text appear in another order than the model reads it: take it out\n"
          "p.yaml:3:13: error: U+202E, a bidirectional control [bidi-control]\n"
          " 3 | user: \"a \\u202eb \\u202e c\"\n"
          "   |                  ^\n"
          "  = help: it makes text appear in another order than the model reads it: take it out\n"),
      row("invisible-character",
          "name: p\n"
          "version: 1.1.0\n"
          "user: |\n"
          "  a\342\200\213\342\200\213b \360\237\221\251\342\200\215\360\237\221\251 "
          "\363\240\201\201\n",
          "p.yaml:4:4: warning: 2 times an invisible character, the first is U+200B "
          "[invisible-character]\n"
          " 4 |   a\\u200b\\u200bb \360\237\221\251\\u200d\360\237\221\251 \\U000e0041\n"
          "   |    ^^^^^^^^^^^^\n"
          "  = help: nobody sees it, and the model reads it: take it out\n"
          "p.yaml:4:12: warning: U+E0041, an invisible character [invisible-character]\n"
          " 4 |   a\\u200b\\u200bb \360\237\221\251\\u200d\360\237\221\251 \\U000e0041\n"
          "   |                             ^^^^^^^^^^\n"
          "  = help: nobody sees it, and the model reads it: take it out\n"),
      row("injection-prone",
          "name: p\n"
          "version: 1.1.0\n"
          "system: |\n"
          "  {{ question }} <doc>{{ answer }}</doc> {{ company }}\n"
          "  {% for c in context %}- {{ c | upper }}\n"
          "  {% endfor %}\n"
          "  ```\n"
          "  {{ unused }}\n"
          "  ``` {{ question | tojson }}\n"
          "user: x\n"
          "variables: {company: A}\n",
          "p.yaml:4:6: warning: `question` stands in the system message without a fence "
          "[injection-prone]\n"
          " 4 |   {{ question }} <doc>{{ answer }}</doc> {{ company }}\n"
          "   |      ^^^^^^^^\n"
          "  = help: what it holds can give orders: write <question>...</question> around it, or "
          "move it to the user's message\n"
          "p.yaml:5:30: warning: `c` stands in the system message without a fence "
          "[injection-prone]\n"
          " 5 |   {% for c in context %}- {{ c | upper }}\n"
          "   |                              ^\n"
          "  = help: what it holds can give orders: write <c>...</c> around it, or move it to the "
          "user's message\n"),
      row("secret",
          "name: p\n"
          "version: 1.1.0\n"
          "system: Call with the key AKIAQ3EGRZ7XWJ2MNB4T.\n"
          "user: x\n",
          "p.yaml:3:27: error: an AWS access key: AKIA… [secret]\n"
          "  = help: whoever reads the repository has it: revoke it, and take it out\n"),
      row("personal-data",
          "name: p\n"
          "version: 1.1.0\n"
          "author: ada@lovelace.dev\n"
          "user: Write to charles@babbage.dev.\n",
          "p.yaml:4:16: warning: an e-mail address: c… [personal-data]\n"
          "  = help: every request sends it to the model's vendor: use an invented one\n"),
      row("schema-invalid",
          "name: p\n"
          "version: 1.1.0\n"
          "user: x\n"
          "response_format:\n"
          "  json_schema:\n"
          "    type: objct\n"
          "    properties: {a: {type: string, minLength: -1}, b: {$ref: '#/$defs/x'}}\n"
          "    requird: [a]\n"
          "    required: [c]\n",
          "p.yaml:6:11: error: `type` is `objct` [schema-invalid]\n"
          " 6 |     type: objct\n"
          "   |           ^ expected one of: array, boolean, integer, null, number, object, "
          "string\n"
          "  = help: did you mean `object`?\n"
          "p.yaml:7:47: error: `minLength` is -1 [schema-invalid]\n"
          " 7 |     properties: {a: {type: string, minLength: -1}, b: {$ref: '#/$defs/x'}}\n"
          "   |                                               ^ expected a whole number from 0 on\n"
          "p.yaml:7:62: error: `$ref` #/$defs/x leads nowhere [schema-invalid]\n"
          " 7 |     properties: {a: {type: string, minLength: -1}, b: {$ref: '#/$defs/x'}}\n"
          "   |                                                              ^\n"
          "p.yaml:8:5: error: `requird` is no keyword of JSON Schema [schema-invalid]\n"
          " 8 |     requird: [a]\n"
          "   |     ^^^^^^^\n"
          "  = help: did you mean `required`?\n"
          "p.yaml:9:16: error: `c` is required and no property [schema-invalid]\n"
          " 9 |     required: [c]\n"
          "   |                ^ expected one of: a, b\n"),
      row("schema-strict",
          "name: p\n"
          "version: 1.1.0\n"
          "user: x\n"
          "response_format:\n"
          "  strict: true\n"
          "  json_schema:\n"
          "    type: object\n"
          "    properties: {a: {type: string}}\n",
          "p.yaml:7:5: warning: `strict` needs `additionalProperties: false` in every object "
          "[schema-strict]\n"
          " 7 |     type: object\n"
          "   |     ^\n"
          "p.yaml:8:18: warning: `strict` needs `a` among the `required` [schema-strict]\n"
          " 8 |     properties: {a: {type: string}}\n"
          "   |                  ^\n"
          "  = help: a property that may be left out has the type [..., \"null\"]\n"),
      row("ignored",
          "name: p # llmops: ignore name-mismatch\n"
          "version: 1.1.0\n"
          "# llmops: ignore model-not-pinned\n"
          "model: gpt-4o\n"
          "system: |  # llmops: ignore injection-prone\n"
          "  a\n"
          "  {{ question }}\n"
          "user: |\n"
          "  {# llmops: ignore invisible-character #}\n"
          "  a\342\200\213b\n"
          "  a\342\200\213b\n"
          "# llmops: ignore-file unused-default\n"
          "variables: {z: 1}\n"
          "# llmops: ignore unused-columm, name-mismatch\n",
          "p.yaml:11:4: warning: U+200B, an invisible character [invisible-character]\n"
          " 11 |   a\\u200bb\n"
          "    |    ^^^^^^\n"
          "  = help: nobody sees it, and the model reads it: take it out\n"
          "p.yaml:14:18: warning: there is no rule `unused-columm`\n"
          " 14 | # llmops: ignore unused-columm, name-mismatch\n"
          "    |                  ^^^^^^^^^^^^^ expected one of: bidi-control, "
          "conflicting-parameters, content-changed, deprecated-parameter, empty-message, "
          "injection-prone, "
          "invisible-character, json-unmentioned, model-not-pinned, name-mismatch, personal-data, "
          "prompt-invalid, schema-invalid, schema-strict, secret, token-budget, "
          "undefined-variable, unused-column, unused-default, "
          "version-duplicate, version-order, version-same-content\n"
          "  = help: did you mean `unused-column`?\n")};
}

}  // namespace

TEST_CASE("lint: one bad file for each rule") {
  std::set<std::string_view> shown;
  for (const Row& row : rows()) {
    CAPTURE(row.rule);
    const test::TemporaryFolder folder;
    (void)folder.write("p/1.0.0.yaml",
                       "name: p\nversion: 1.0.0\ncreated: 2025-06-01\nuser: 'old'\n");
    LintOptions options;
    options.git_base = "";
    options.columns = {"question", "answer", "unused"};
    options.used_columns = {"question", "answer"};
    if (std::string_view(row.rule) != "unused-column") options.used_columns.push_back("unused");
    const Diagnostics found = lint_prompt(folder.write("p.yaml", row.text), options);
    CHECK(without(render(found), folder.path().string() + "/") == row.findings);
    for (const Diagnostic& each : found)
      if (each.rule == row.rule) shown.insert(row.rule);
  }
  // content-changed needs a git repository and token-budget a counter: they have tests of their
  // own.
  const std::set<std::string_view> elsewhere = {"content-changed", "token-budget"};
  for (const LintRule* rule : lint_rules()) {
    CAPTURE(rule->id);
    CHECK((shown.contains(rule->id) || elsewhere.contains(rule->id)));
  }
}

TEST_CASE("lint: the manual lists every rule as it is") {
  const Result<Source> manual = read_source(test::repository("prompts/README.md"));
  REQUIRE(manual);
  for (const LintRule* rule : lint_rules()) {
    const std::string line = "| `" + std::string(rule->id) + "` | " +
                             std::string(name(rule->severity)) + " | " +
                             std::string(rule->summary) + " |\n";
    CAPTURE(line);
    CHECK(manual->text().find(line) != std::string::npos);
  }
}

TEST_CASE("lint: a clean prompt has no findings") {
  const test::TemporaryFolder folder;
  (void)folder.write("prompts/p/1.0.0.yaml",
                     "name: p\nversion: 1.0.0\ncreated: 2025-01-01\nuser: old {{ question }}\n");
  (void)folder.write(
      "prompts/p/1.1.0.yaml",
      "name: p\nversion: 1.1.0\ncreated: 2025-02-01\nmodel: claude-3-5-sonnet-20241022\n"
      "system: |\n  Answer from the passages.\n  <passages>\n  {% for c in context %}{{ c }}\n  {% "
      "endfor %}\n"
      "  </passages>\nuser: '{{ question }}'\nparameters: {temperature: 0.3, max_tokens: 100}\n");
  LintOptions options;
  options.git_base = "";
  options.columns = {"question"};
  CHECK(render(lint_prompts(folder.path(), options)) == "");
}

TEST_CASE("lint: models that move and models that stay") {
  const test::TemporaryFolder folder;
  const auto moves = [&](const std::string& model) {
    LintOptions options;
    options.git_base = "";
    return !lint_prompt(folder.write("p.yaml", "name: p\nversion: 1.0.0\nmodel: \"" + model +
                                                   "\"\nuser: x\n"),
                        options)
                .empty();
  };
  for (const char* model :
       {"gpt-4o", "gpt-4", "gpt-4.1-mini", "o3-mini", "gpt-5", "claude-3-5-sonnet-latest",
        "claude-sonnet-4-5", "gemini-1.5-pro", "mistral-large-latest", "llama3:latest"}) {
    CAPTURE(model);
    CHECK(moves(model));
  }
  for (const char* model :
       {"gpt-4o-2024-08-06", "gpt-4-0613", "o3-mini-2025-01-31", "claude-3-5-sonnet-20241022",
        "gemini-1.5-pro-002", "claude-3-5-sonnet@20241022", "Qwen/Qwen2.5-7B-Instruct",
        "qwen2.5-7b", "helpdesk-small", "gpt-oss-20b"}) {
    CAPTURE(model);
    CHECK_FALSE(moves(model));
  }
}

TEST_CASE("lint: SARIF and GitHub annotations") {
  Diagnostic found;
  found.file = "a,b.yaml";
  found.line = 3;
  found.column = 5;
  found.width = 4;
  found.what = "what: 100%";
  found.expected = "expected this\nor that";
  found.help = "help";
  found.rule = "name-mismatch";
  found.severity = Severity::warning;
  CHECK(github_annotations({found, problem("no place")}) ==
        "::warning file=a%2Cb.yaml,line=3,col=5,title=llmops name-mismatch::what: 100%25; expected "
        "this%0Aor that (help)\n"
        "::error::no place\n");
  const Result<Value> sarif =
      parse_json(lint_sarif({found, problem("no place")}, "0.1.0"), "sarif");
  REQUIRE(sarif);
  CHECK(*sarif->find("version")->string() == "2.1.0");
  const Value* results = find_path(*sarif, "/runs/0/results");
  REQUIRE(results != nullptr);
  CHECK(
      dump_json(*results) ==
      R"-([{"ruleId":"name-mismatch","level":"warning","message":{"text":"what: 100%; expected this\nor that (help)"},)-"
      R"("locations":[{"physicalLocation":{"artifactLocation":{"uri":"a,b.yaml"},)"
      R"("region":{"startLine":3,"startColumn":5,"endColumn":9}}}]},{"level":"error","message":{"text":"no place"}}])");
  CHECK(find_path(*sarif, "/runs/0/tool/driver/rules")->list()->size() ==
        lint_rules().size() + rubric_rules().size() + dataset_lint_rules().size() +
            sensitive_rules().size());
}

TEST_CASE("lint: schemas of tools and of files, with places in them") {
  const test::TemporaryFolder folder;
  (void)folder.write(
      "answer.json",
      "{\n  \"type\": \"object\",\n  \"properties\": {\"a\": {\"type\": \"strng\"}}\n}\n");
  const auto file =
      folder.write("p.yaml",
                   "name: p\nversion: 1.0.0\nuser: x\nresponse_format: {json_schema: answer.json}\n"
                   "tools:\n  - name: f\n    parameters: {type: object, properties: [a]}\n");
  LintOptions options;
  options.git_base = "";
  CHECK(
      without(render(lint_prompt(file, options)), folder.path().string() + "/") ==
      "answer.json:3:32: error: `type` is `strng` [schema-invalid]\n"
      " 3 |   \"properties\": {\"a\": {\"type\": \"strng\"}}\n"
      "   |                                ^ expected one of: array, boolean, integer, null, "
      "number, object, string\n"
      "  = help: did you mean `string`?\n"
      "p.yaml:7:44: error: `properties` is a list [schema-invalid]\n"
      " 7 |     parameters: {type: object, properties: [a]}\n"
      "   |                                            ^ expected a mapping of names to schemas\n");
}
