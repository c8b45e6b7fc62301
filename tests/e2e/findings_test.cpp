// `plan`, `runs compare`, `runs trend`, `runs drift` on the sample project.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "datasets/text/json.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

struct Sample {
  TemporaryFolder folder;
  Sample() {
    fs::copy(repository("datasets/examples/support"), folder.path() / "support",
             fs::copy_options::recursive);
    fs::remove_all(folder.path() / "support/.llmops");
  }
  CliRun run(std::vector<std::string> arguments) const {
    return run_cli(arguments, {.folder = folder.path() / "support"});
  }
  Value json(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const CliRun done = run(arguments);
    CAPTURE(done.err);
    REQUIRE(done.code == 0);
    const Result<Value> value = parse_json(done.out, "stdout");
    REQUIRE(value);
    return *value;
  }
};

std::string text_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  return found == nullptr ? "(absent)" : to_text(*found);
}

// The item of a list whose `key` is `wanted`.
Value item(const Value& document, const char* list, const char* key, const std::string& wanted) {
  for (const Value& each : *document.find(list)->list())
    if (to_text(*each.find(key)) == wanted) return each;
  return {};
}

}  // namespace

TEST_CASE("plan: says what a run will cost and find, calls nobody, writes nothing") {
  const Sample sample;
  const Value before = sample.json({"plan"});
  CHECK(text_at(before, "calls") == "62");
  CHECK_FALSE(fs::exists(sample.folder.path() / "support/.llmops"));
  const Value rule = item(before, "rules", "rule", "states_fact max_drop 0.1");
  CHECK(text_at(rule, "spread_from").find("assumed") == 0);
  CHECK(rule.find("detectable_effect") != nullptr);
  CHECK(text_at(rule, "cases_at_least") == "23");
  CHECK(rule.find("power_curve")->list()->size() == 5);
  // A percentage of an open scale is planned on the log scale; a limit needs cases, not a spread.
  CHECK(item(before, "rules", "rule", "output_tokens max_increase 10%").find("cases_needed") !=
        nullptr);
  CHECK(text_at(item(before, "rules", "rule", "error_rate max 5%"), "cases_at_least") == "59");

  // More cases: a smaller effect is found.
  const Value more = sample.json({"plan", "--cases", "1000"});
  CHECK(text_at(more, "calls") == "1000");
  CHECK(
      item(more, "rules", "rule", "states_fact max_drop 0.1").find("detectable_effect")->number() <
      rule.find("detectable_effect")->number());

  // A stored run tells tokens, and with the baseline the spread.
  sample.run({"eval", "--prompt", "support@2.3.1", "--quiet"});
  const Value after = sample.json({"plan"});
  CHECK(text_at(after, "/cells/0/tokens_from").find("run ") == 0);
  CHECK(text_at(item(after, "rules", "rule", "states_fact max_drop 0.1"), "spread_from") ==
        "the last comparison (62 cases)");
  const CliRun screen = sample.run({"plan"});
  CHECK(screen.code == 0);
  CHECK(screen.out.find("62 cases, 1 sample each: 62 calls; nothing was called") == 0);
  CHECK(screen.out.find("smallest detectable effect") != std::string::npos);
  CHECK(sample.run({"plan", "--power", "2"}).code == 2);
  CHECK(sample.run({"plan", "none.yaml"}).code == 2);
}

TEST_CASE("runs compare and drift: two stored runs, or a baseline file and a run") {
  const Sample sample;
  REQUIRE(sample.run({"eval", "--quiet"}).code == 0);
  const std::string first = text_at(sample.json({"runs", "list"}), "/runs/0/id");
  REQUIRE(sample.run({"eval", "--prompt", "support@2.3.1", "--quiet"}).code == 1);

  const Value compared = sample.json({"runs", "compare", first, "last"});
  CHECK(text_at(compared, "command") == "runs compare");
  CHECK(text_at(compared, "/verdict/gated") == "false");
  CHECK(text_at(compared, "/comparison/states_fact/n") == "62");
  CHECK(find_path(compared, "/comparison/states_fact/difference")->number() < -0.3);
  CHECK(sample.run({"runs", "compare", "baselines/support.json", "last"}).code == 0);
  CHECK(sample.run({"runs", "compare", "nope", "last"}).code == 2);

  const Value drift = sample.json({"runs", "drift", first, "last"});
  CHECK(text_at(drift, "level") == "alarm");
  const Value tokens = item(drift, "findings", "measure", "output_tokens");
  CHECK(text_at(tokens, "level") == "alarm");
  CHECK(text_at(tokens, "why").find("alert at 20%") != std::string::npos);
  CHECK(tokens.find("psi") != nullptr);
  CHECK(tokens.find("ks") != nullptr);
  CHECK(item(drift, "findings", "measure", "states_fact").find("jensen_shannon_bits") != nullptr);
  CHECK(text_at(sample.json({"runs", "drift", first, first}), "level") == "none");
  CHECK(sample.run({"runs", "drift", first, "last", "--fail-on-alarm"}).code == 1);

  sample.folder.write("support/e1.jsonl", "{\"embedding\": [1, 0]}\n{\"embedding\": [1, 0.1]}\n");
  sample.folder.write("support/e2.jsonl", "{\"embedding\": [0, 1]}\n{\"embedding\": [0.1, 1]}\n");
  sample.folder.write("support/e3.jsonl", "{\"embedding\": [0, 1]}\n{\"embedding\": [1]}\n");
  const std::vector<std::string> embedded = {
      "runs", "drift", first, first, "--baseline-embeddings", "e1.jsonl", "--embeddings"};
  std::vector<std::string> far = embedded, odd = embedded;
  far.emplace_back("e2.jsonl");
  odd.emplace_back("e3.jsonl");
  const Value moved = item(sample.json(far), "findings", "measure", "embeddings");
  CHECK(text_at(moved, "level") == "alarm");
  CHECK(moved.find("centroid_distance")->number() > 0.8);
  const CliRun refused = sample.run(odd);
  CHECK(refused.code == 2);
  CHECK(refused.err.find("e3.jsonl:2") != std::string::npos);
}

TEST_CASE("runs trend: a level that changed is found, with the run that changed it") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  std::string cases;
  for (int i = 0; i < 20; ++i) cases += fmt::format("{{\"id\": \"c{}\", \"answer\": \"1\"}}\n", i);
  folder.write("cases.jsonl", cases);
  folder.write("s.yaml",
               "prompt: {name: q, version: \"1.0.0\", user: \"{{ id }}\"}\n"
               "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
               "model: {provider: replay, path: r.jsonl, match: id, output: output, name: r}\n"
               "evaluators: [exact_match]\n");
  for (int run = 0; run < 12; ++run) {
    std::string recording;
    for (int i = 0; i < 20; ++i)
      recording += fmt::format("{{\"id\": \"c{}\", \"output\": \"{}\"}}\n", i,
                               i < (run < 6 ? 18 + run % 2 : 9 + run % 2) ? 1 : 0);
    folder.write("r.jsonl", recording);
    REQUIRE(run_cli({"eval", "s.yaml", "--quiet", "--no-cache"}, here).code == 0);
  }
  const CliRun run = run_cli({"runs", "trend", "exact_match", "--json"}, here);
  CAPTURE(run.err);
  REQUIRE(run.code == 0);
  const Result<Value> document = parse_json(run.out, "stdout");
  REQUIRE(document);
  CHECK(find_path(*document, "/trends/0/points")->list()->size() == 12);
  CHECK(find_path(*document, "/trends/0/changes")->list()->size() == 1);
  CHECK(text_at(*document, "/trends/0/changes/0/worse") == "true");
  CHECK(text_at(*document, "/trends/0/changes/0/run") ==
        text_at(*document, "/trends/0/points/6/run"));
  CHECK(run_cli({"runs", "trend"}, here).out.find("worse: from") != std::string::npos);
  const CliRun unknown = run_cli({"runs", "trend", "exact_mach"}, here);
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("did you mean `exact_match`?") != std::string::npos);
}
