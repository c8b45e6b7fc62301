// The main job on real data: 1,319 questions, recorded outputs of four models, known correctness.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::string suite_for(const std::filesystem::path& data, const std::string& model,
                      const std::string& baseline) {
  return fmt::format(
      "prompt: {{name: gsm8k, version: \"1.0.0\", user: \"{{{{ question }}}}\"}}\n"
      "dataset: {{path: {0}/test.jsonl, fields: {{reference: answer}}}}\n"
      "model: {{provider: replay, path: {0}/example_model_solutions.jsonl, match: question, "
      "output: /{1}/solution, name: {1}}}\n"
      "evaluators:\n"
      "  - numeric_match: {{extract: 'A:\\s*(.+)\\s*$', reference_extract: '####\\s*(.+)\\s*$', "
      "tolerance: 0}}\n"
      "gate:\n"
      "  baseline: {2}\n"
      "  rules:\n"
      "    - {{metric: numeric_match, max_drop: 0.02}}\n"
      "    - {{metric: error_rate, max: 1%}}\n",
      data.string(), model, baseline);
}

Value json_of(const std::string& text) {
  Result<Value> value = parse_json(text, "stdout");
  REQUIRE_MESSAGE(value, text);
  return *std::move(value);
}

double number(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  REQUIRE_MESSAGE(found != nullptr, path);
  return found->number();
}

}  // namespace

TEST_CASE("gsm8k: accuracy of four models, each verdict as recorded") {
  const auto data = shared("data/gsm8k");
  if (!data) return;
  const TemporaryFolder folder;
  const std::map<std::string, int> truth = {
      {"6b_finetuning",     286},
      {"6b_verification",   515},
      {"175b_finetuning",   458},
      {"175b_verification", 742}
  };

  std::map<std::string, std::map<std::string, bool>> correct;  // model -> solution -> is_correct
  Result<LineReader> lines = LineReader::open(*data / "example_model_solutions.jsonl");
  REQUIRE(lines);
  for (std::string_view line; lines->next(line);) {
    const Value row = json_of(std::string(line));
    for (const auto& [model, count] : truth)
      correct[model][to_text(*find_path(row, "/" + model + "/solution"))] =
          *find_path(row, "/" + model + "/is_correct")->boolean();
  }

  for (const auto& each : truth) {
    const std::string& model = each.first;
    const int count = each.second;
    CAPTURE(model);
    folder.write("suite.yaml", suite_for(*data, model, "none.json"));
    const CliRun run =
        run_cli({"eval", "suite.yaml", "--no-gate", "--json", "--samples-out", "samples.jsonl"},
                {.folder = folder.path()});
    CAPTURE(run.err);
    REQUIRE(run.code == 0);
    const Value document = json_of(run.out);
    CHECK(number(document, "/metrics/numeric_match/mean") ==
          doctest::Approx(count / 1319.0).epsilon(1e-12));
    CHECK(number(document, "/metrics/numeric_match/n") == 1319);
    CHECK(number(document, "/run/samples") == 1319);

    // Each single verdict: an output text is scored as its recording says.
    Result<LineReader> samples = LineReader::open(folder.path() / "samples.jsonl");
    REQUIRE(samples);
    int ones = 0, rows = 0, wrong = 0;
    for (std::string_view line; samples->next(line); ++rows) {
      const Value sample = json_of(std::string(line));
      const bool scored = number(sample, "/scores/numeric_match") == 1.0;
      ones += scored ? 1 : 0;
      if (correct.at(model).at(to_text(*sample.find("text"))) != scored) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(rows == 1319);
    CHECK(ones == count);
  }
}

TEST_CASE("gsm8k: the gate finds the drop, passes the gain, and passes a suite pointed at itself") {
  const auto data = shared("data/gsm8k");
  if (!data) return;
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  const auto accept = [&](const std::string& model) {
    folder.write("suite.yaml", suite_for(*data, model, model + ".json"));
    REQUIRE(run_cli({"eval", "suite.yaml", "--no-gate", "--quiet"}, here).code == 0);
    const CliRun set = run_cli({"baseline", "set", "last", model + ".json"}, here);
    CAPTURE(set.err);
    REQUIRE(set.code == 0);
  };
  struct Row {
    const char* baseline;
    const char* candidate;
    double difference, t;
    int code;
    const char* outcome;
  };
  const Row rows[] = {
      {"175b_verification", "175b_finetuning", -284 / 1319.0, -14.66305678, 1, "fail"},
      {"6b_finetuning",     "6b_verification", 229 / 1319.0,  12.85214311,  0, "pass"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.candidate);
    accept(row.baseline);
    folder.write("suite.yaml",
                 suite_for(*data, row.candidate, std::string(row.baseline) + ".json"));
    const CliRun run = run_cli({"eval", "suite.yaml", "--json"}, here);
    CAPTURE(run.err);
    CHECK(run.code == row.code);
    const Value document = json_of(run.out);
    CHECK(to_text(*find_path(document, "/verdict/outcome")) == row.outcome);
    CHECK(to_text(*find_path(document, "/comparison/numeric_match/test")) == "paired t");
    CHECK(number(document, "/comparison/numeric_match/difference") ==
          doctest::Approx(row.difference).epsilon(1e-12));
    CHECK(number(document, "/comparison/numeric_match/statistic") ==
          doctest::Approx(row.t).epsilon(1e-9));
    CHECK(number(document, "/comparison/numeric_match/df") == 1318);
    // The stored run gives the same verdict again, without a call.
    const CliRun again = run_cli({"gate", "last", "--json"}, here);
    CHECK(again.code == row.code);
  }
  accept("6b_finetuning");
  const CliRun self = run_cli({"eval", "suite.yaml", "--json"}, here);
  CHECK(self.code == 0);
  CHECK(to_text(*find_path(json_of(self.out), "/verdict/outcome")) == "pass");
  CHECK(number(json_of(self.out), "/comparison/numeric_match/difference") == 0);
}

TEST_CASE("gsm8k: a case that was never recorded is a failed call, not a zero") {
  const auto data = shared("data/gsm8k");
  if (!data) return;
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  Result<Source> recording = read_source(*data / "example_model_solutions.jsonl");
  REQUIRE(recording);
  folder.write("example_model_solutions.jsonl",
               recording->text().substr(recording->text().find('\n') + 1));
  folder.write("test.jsonl", read_source(*data / "test.jsonl")->text());
  folder.write("suite.yaml", suite_for(*data, "175b_verification", "base.json"));
  REQUIRE(run_cli({"eval", "suite.yaml", "--no-gate", "--quiet"}, here).code == 0);
  REQUIRE(run_cli({"baseline", "set", "last", "base.json"}, here).code == 0);
  folder.write("suite.yaml", suite_for(folder.path(), "175b_verification", "base.json"));
  const CliRun run =
      run_cli({"eval", "suite.yaml", "--json", "--samples-out", "samples.jsonl"}, here);
  CAPTURE(run.err);
  CHECK(run.code == 0);
  const Value document = json_of(run.out);
  CHECK(number(document, "/run/calls/failed") == 1);
  CHECK(number(document, "/metrics/numeric_match/n") == 1318);
  CHECK(number(document, "/metrics/numeric_match/unscored") == 1);
  CHECK(number(document, "/metrics/coverage/mean") == doctest::Approx(1318 / 1319.0));
  CHECK(number(document, "/comparison/numeric_match/n") == 1318);
  CHECK(read_source(folder.path() / "samples.jsonl")->text().find("\"error\":\"no_recording\"") !=
        std::string::npos);
}

TEST_CASE("gsm8k: over HTTP, streamed and not, the same outputs give the same figures") {
  const auto data = shared("data/gsm8k");
  if (!data) return;
  std::map<std::string, std::string> solutions;
  Result<LineReader> lines = LineReader::open(*data / "example_model_solutions.jsonl");
  REQUIRE(lines);
  for (std::string_view line; lines->next(line);) {
    const Value row = json_of(std::string(line));
    solutions[to_text(*row.find("question"))] =
        to_text(*find_path(row, "/175b_verification/solution"));
  }
  const LoopbackServer server([&](const Received& request) {
    return chat_reply(request, solutions.at(last_user_text(request)));
  });
  const TemporaryFolder folder;
  for (const char* stream : {"true", "false"}) {
    CAPTURE(stream);
    folder.write(
        "suite.yaml",
        fmt::format("prompt: {{name: gsm8k, version: \"1.0.0\", user: \"{{{{ question }}}}\"}}\n"
                    "dataset: {{path: {}/test.jsonl, fields: {{reference: answer}}}}\n"
                    "model: {{provider: openai, base_url: {}/v1, name: tiny, stream: {}}}\n"
                    "evaluators:\n"
                    "  - numeric_match: {{extract: 'A:\\s*(.+)\\s*$', reference_extract: "
                    "'####\\s*(.+)\\s*$'}}\n",
                    data->string(), server.url(), stream));
    const CliRun run = run_cli({"eval", "suite.yaml", "--json"}, {.folder = folder.path()});
    CAPTURE(run.err);
    CHECK(run.code == 0);
    const Value document = json_of(run.out);
    CHECK(number(document, "/metrics/numeric_match/mean") ==
          doctest::Approx(742 / 1319.0).epsilon(1e-12));
    CHECK(number(document, "/run/calls/made") == 1319);
    CHECK(number(document, "/usage/output_tokens/total") > 1319);
    CHECK(number(document, "/latency/e2e_ms/p95") > 0);
  }
  CHECK(server.requests() == 2 * 1319);
}
