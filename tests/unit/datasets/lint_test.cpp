#include "datasets/lint.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "datasets/text/sensitive.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

std::string lint(const std::string& text, std::vector<std::pair<std::string, std::string>> fields = {}, const DatasetLintOptions& options = {}) {
  const test::TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write("d.jsonl", text);
  spec.fields = std::move(fields);
  std::string found = render(lint_dataset(spec, options));
  const std::string prefix = folder.path().string() + "/";
  for (std::size_t at = 0; (at = found.find(prefix, at)) != std::string::npos;) found.erase(at, prefix.size());
  return found;
}

}  // namespace

TEST_CASE("lint: one case") {
  struct Row {
    const char* why;
    std::string text;
    const char* expected;
  };
  const Row rows[] = {
      {"a good case", R"({"id":1,"q":"What is 2+2?","reference":"4"})", ""},
      {"a blank reference", R"({"id":1,"q":"x","reference":["a"," "]})",
       "d.jsonl:1: warning: a reference is empty [dataset/empty-reference]\n  = help: write null where a case has none\n"},
      {"a secret, never in full", R"({"id":1,"q":{"deep":["key AKIA)" R"(JQ5MTH2ZK3WLXP7R"]},"reference":"a"})",
       "d.jsonl:1: error: `q.deep.0` holds an AWS access key (AKIA…, 20 characters) [secret/aws-access-key]\n"
       "  = help: revoke it, and take it out of the file and its history\n"},
      {"personal data", R"({"id":1,"q":"mail jane@acme.io","reference":"a"})",
       "d.jsonl:1: warning: `q` holds an e-mail address (j…, 12 characters) [pii/email]\n"},
      {"reordered text", "{\"id\":1,\"q\":\"é\u202Eb\",\"reference\":\"a\"}",
       "d.jsonl:1: warning: `q` holds U+202E at character 2, a control character reorders the text [text/bidirectional]\n"},
      {"smuggled text", "{\"id\":1,\"q\":\"a\U000E0041\U000E0042\",\"reference\":\"a\"}",
       "d.jsonl:1: warning: `q` holds U+E0041 at character 2, invisible copies of letters [text/tag-characters]\n"},
      {"a zero width space", "{\"id\":1,\"q\":\"a\u200Bb\",\"reference\":\"a\"}",
       "d.jsonl:1: note: `q` holds U+200B at character 2, a character that shows nothing [text/invisible]\n"},
      {"lost bytes", "{\"id\":1,\"q\":\"caf\uFFFD\",\"reference\":\"a\"}",
       "d.jsonl:1: warning: `q` holds U+FFFD, which stands for bytes that were lost [text/replacement-character]\n"
       "  = help: write the file as UTF-8 from its source\n"},
      {"a conversation is looked at once", R"({"id":1,"messages":[{"role":"user","content":"jane@acme.io"},{"role":"assistant","content":"ok"}]})",
       "d.jsonl:1: warning: `messages.0.content` holds an e-mail address (j…, 12 characters) [pii/email]\n"},
      {"what does not load", "{\"id\":1", "d.jsonl:1:8: error: not valid JSON: the text ends too early\n 1 | {\"id\":1\n   |        ^ expected `,` or `}`\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(lint(row.text) == row.expected);
  }
}

TEST_CASE("lint: cases against each other") {
  CHECK(lint("{\"id\":1,\"q\":\"x\",\"reference\":\"a\"}\n{\"id\":2,\"q\":\"x\",\"reference\":\"a\"}\n"
             "{\"id\":3,\"q\":\"x\",\"reference\":\"b\"}\n{\"id\":4,\"q\":\"y\",\"reference\":null}\n") ==
        "d.jsonl:2: warning: the content of line 1 under another id [dataset/duplicate-content]\n"
        "  = help: `datasets dedup` drops repeats; a repeated case counts twice in every mean\n"
        "d.jsonl:3: warning: the input of line 1 with another reference [dataset/conflicting-reference]\n"
        "  = help: one case with both references, if both are right\n"
        "d.jsonl:4: warning: 1 of 4 cases have no reference [dataset/no-reference]\n"
        "  = help: metrics that need one leave these cases unscored\n");
  // The mapped columns are labels too.
  CHECK(lint("{\"key\":1,\"q\":\"x\",\"answer\":\"a\"}\n{\"key\":2,\"q\":\"x\",\"answer\":\"b\"}\n", {{"id", "key"}, {"reference", "answer"}}) ==
        "d.jsonl:2: warning: the input of line 1 with another reference [dataset/conflicting-reference]\n"
        "  = help: one case with both references, if both are right\n");
}

TEST_CASE("lint: columns") {
  std::string text;
  for (int i = 1; i <= 50; ++i) text += fmt::format("{{\"id\":{},\"question\":\"q{}\",\"level\":{}}}\n", i, i, i == 9 ? "\"hard\"" : "1");
  text += "{\"id\":51,\"questoin\":\"q51\",\"level\":null}\n";
  CHECK(lint(text) ==
        "d.jsonl:9: warning: `level` is a text here and a number in line 1 [dataset/mixed-kinds]\n"
        "d.jsonl:51: warning: `questoin` stands in 1 of 51 rows [dataset/rare-column]\n"
        "  = help: did you mean `question`?\n");
}

TEST_CASE("lint: rules can be switched off, and one rule does not drown the others") {
  const std::string row = "{\"q\":\"mail jane@acme.io\",\"n\":";
  CHECK(lint(row + "1}", {}, {.secrets = true, .personal = false, .most_of_a_rule = 20}) == "");
  std::string text;
  for (int i = 0; i < 25; ++i) text += row + std::to_string(i) + "}\n";
  const std::string found = lint(text, {}, {.secrets = true, .personal = true, .most_of_a_rule = 2});
  CHECK(found ==
        "d.jsonl:1: warning: `q` holds an e-mail address (j…, 12 characters) [pii/email]\n"
        "d.jsonl:2: warning: `q` holds an e-mail address (j…, 12 characters) [pii/email]\n"
        "d.jsonl: note: 23 more findings of this rule [pii/email]\n");
}

TEST_CASE("lint: rules have ids of their own") {
  std::set<std::string_view> ids;
  for (const DatasetLintRule& rule : dataset_lint_rules()) CHECK(ids.insert(rule.id).second);
  for (const SensitiveRule& rule : sensitive_rules()) CHECK(ids.insert(rule.id).second);
}
