// What --json prints is what ci/reports/output.schema.json publishes.
#include <doctest/doctest.h>

#include <filesystem>
#include <iterator>
#include <sstream>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/metrics/text/schema.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

Schema published() {
  const Result<Value> text = parse_json(*read_source(repository("ci/reports/output.schema.json")));
  REQUIRE(text);
  const Result<Schema> schema = Schema::compile(*text, "output.schema.json");
  REQUIRE_MESSAGE(schema, render(schema.problems()));
  return *schema;
}

}  // namespace

TEST_CASE("output schema: every command's document keeps to it") {
  const Schema schema = published();
  const TemporaryFolder folder;
  const fs::path project = folder.path() / "support";
  fs::copy(repository("datasets/examples/support"), project, fs::copy_options::recursive);
  fs::remove_all(project / ".llmops");
  folder.write("support/pairs.jsonl",
               "{\"out\": \"a b\", \"ref\": \"a c\"}\n{\"out\": \"\", \"ref\": \"x\"}\n");
  folder.write("support/scores.csv", "a,b\n1,0\n0,0\n1,1\n0,1\n1,0\n");
  folder.write("support/equal.csv", "a,b\n1,1\n1,1\n1,1\n");
  folder.write(
      "support/rows.jsonl",
      "{\"case_id\": \"x\", \"scores\": {\"m\": 1}}\n{\"case_id\": \"y\", \"scores\": {}}\n");
  folder.write("support/rules.yaml",
               "metrics: {m: {kind: binary}}\ngate: {rules: [{metric: m, min: 0.1}]}\n");
  const char* const lines[] = {
      "eval --json",
      "eval --json --prompt support@2.3.1",
      "eval --json --no-gate",
      "eval --json --dry-run",
      "eval --json --no-gate --limit 1",
      "eval --json --prompt no-such",
      "gate last --json",
      "gate --scores rows.jsonl --rules rules.yaml --json",
      "report last --json",
      "runs compare last last --json",
      "diff support@2.3.0 support@2.3.1 --json",
      "diff support@2.3.0 support@2.3.1 --suite llmops.yaml --json",
      "score pairs.jsonl --hypothesis out --reference ref --metric bleu,rouge,exact_match --json",
      "stats paired-t --file scores.csv --baseline a --candidate b --json",
      "stats mcnemar --file scores.csv --baseline a --candidate b --json",
      "stats bootstrap --file scores.csv --baseline a --candidate b --json",
      "stats paired-t --file equal.csv --baseline a --candidate b --json",
      "stats power --p1 0.65 --p2 0.72 --json",
      "stats paired-t --file missing.csv --baseline a --candidate b --json",
  };
  for (const char* words : lines) {
    CAPTURE(words);
    std::istringstream in(words);
    const std::vector<std::string> line{std::istream_iterator<std::string>(in), {}};
    const CliRun run = run_cli(line, {.folder = project});
    const Result<Value> value = parse_json(run.out, "stdout");
    CHECK_MESSAGE(value, run.out, run.err);
    if (!value) continue;
    const std::optional<std::string> wrong = schema.problem(*value);
    CHECK_MESSAGE(!wrong, wrong.value_or(""));
  }
}

TEST_CASE("output schema: what it must refuse") {
  const Schema schema = published();
  struct Row {
    const char* why;
    const char* json;
  };
  const Row rows[] = {
      {"no version",         R"({"command": "stats"})"                                                },
      {"another version",    R"({"schema_version": 2, "command": "stats"})"                           },
      {"an unknown command", R"({"schema_version": 1, "command": "dance"})"                           },
      {"a null",             R"({"schema_version": 1, "command": "stats", "extra": {"a": [null]}})"   },
      {"a p above 1",        R"({"schema_version": 1, "command": "stats", "p_value": 1.5})"           },
      {"half a run",         R"({"schema_version": 1, "command": "eval", "run": {"id": "x"}})"        },
      {"a score without n",  R"({"schema_version": 1, "command": "score", "metrics": {"a": {}}})"     },
      {"no reason",          R"({"schema_version": 1, "command": "stats", "outcome": "not testable"})"},
      {"an error unspoken",  R"({"schema_version": 1, "command": "eval", "errors": [{}]})"            },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(schema.problem(*parse_json(row.json, "row")));
  }
}
