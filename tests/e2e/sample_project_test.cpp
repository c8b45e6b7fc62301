// The sample project, as ci/quickstart and the README use it.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "datasets/text/files.h"
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
};

Value document(const CliRun& run) {
  const Result<Value> value = parse_json(run.out, "stdout");
  REQUIRE_MESSAGE(value, run.out, run.err);
  return *value;
}

std::string outcome_of(const Value& document, const std::string& rule) {
  for (const Value& each : *document.find("verdict")->find("rules")->list())
    if (*each.find("rule")->string() == rule) return *each.find("outcome")->string();
  return "no such rule";
}

std::string content(const fs::path& file) {
  const Result<Source> source = read_source(file);
  REQUIRE(source);
  return source->text();
}

}  // namespace

TEST_CASE("sample project: the version in production passes, nothing on stderr but notes") {
  const Sample sample;
  const CliRun run = sample.run({"eval", "--json"});
  CHECK(run.code == 0);
  const Value found = document(run);
  CHECK(*found.find("verdict")->find("outcome")->string() == "pass");
  CHECK(*found.find("run")->find("cases")->integer() == 62);
  CHECK(*found.find("run")->find("calls")->find("failed")->integer() == 0);
  for (const Value& rule : *found.find("verdict")->find("rules")->list())
    CHECK(*rule.find("outcome")->string() == "pass");
}

TEST_CASE("sample project: the proposed version fails on quality and on tokens") {
  const Sample sample;
  const CliRun run = sample.run({"eval", "--json", "--prompt", "support@2.3.1"});
  CHECK(run.code == 1);
  const Value found = document(run);
  CHECK(*found.find("verdict")->find("outcome")->string() == "fail");
  CHECK(outcome_of(found, "states_fact max_drop 0.1") == "fail");
  CHECK(outcome_of(found, "output_tokens max_increase 10%") == "fail");
  CHECK(outcome_of(found, "error_rate max 5%") == "pass");
  // Where the tokens, the money and the time went.
  std::string findings;
  for (const Value& each : *found.find("findings")->list())
    findings += *each.find("sentence")->string() + "\n";
  CHECK(findings.find("input_tokens rose by 35, from 99.52 to 134.5 a case: prompt text +35\n") ==
        0);
  CHECK(findings.find("a case: answers +52.26\n") != std::string::npos);
  CHECK(findings.find("answers +0.03135, prompt text +0.00525\n") != std::string::npos);
  CHECK(findings.find("latency (p95) rose by 633.7, from 411 to 1,045 ms: output tokens") !=
        std::string::npos);
  CHECK(findings.find("states_fact got worse where tags.lang = en") != std::string::npos);
}

TEST_CASE("sample project: losses that each passed are found against the oldest baseline") {
  const Sample sample;
  const fs::path folder = sample.folder.path() / "support";
  const std::string recording = content(folder / "recordings/2025-11-21.jsonl");
  // Each day a word more; each day within the margin of the day before.
  const auto longer_by = [&](int words) {
    std::string text;
    std::istringstream lines(recording);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t key = line.find("\"output_tokens\": ");
      REQUIRE(key != std::string::npos);
      const std::size_t at = key + std::string_view("\"output_tokens\": ").size();
      const std::size_t end = line.find_first_not_of("0123456789", at);
      const int tokens = std::stoi(line.substr(at, end - at));
      text += line.substr(0, at) + std::to_string(100 + tokens + words) + line.substr(end) + "\n";
    }
    sample.folder.write("support/recordings/2025-11-21.jsonl", text);
  };
  longer_by(0);
  REQUIRE(sample.run({"eval", "--no-gate", "--no-cache", "--quiet"}).code == 0);
  fs::remove(folder / "baselines/support.json");
  REQUIRE(sample.run({"baseline", "set", "last", "baselines/support.json"}).code == 0);
  for (const int words : {7, 14}) {
    longer_by(words);
    REQUIRE(sample.run({"eval", "--no-cache", "--quiet"}).code == 0);
    REQUIRE(sample.run({"baseline", "set", "last", "baselines/support.json"}).code == 0);
  }
  longer_by(21);
  const CliRun run = sample.run({"eval", "--no-cache"});
  CHECK(run.code == 0);
  CHECK(run.out.find("slow drift: `output_tokens max_increase 10%` does not fail against") !=
        std::string::npos);
}

TEST_CASE("sample project: every report is written, and the page runs its own script alone") {
  const Sample sample;
  const CliRun run = sample.run({"eval", "--html", "r.html", "--markdown", "r.md", "--junit",
                                 "r.xml", "--csv", "r.csv", "--samples-out", "s.jsonl"});
  CHECK(run.code == 0);
  const fs::path folder = sample.folder.path() / "support";
  const std::string html = content(folder / "r.html");
  CHECK(html.find("default-src 'none'") != std::string::npos);
  // One script, the page's own, and its hash is the only one that may run.
  CHECK(html.find("<script>") == html.rfind("<script>"));
  CHECK(html.find("script-src 'sha256-") != std::string::npos);
  // The baseline file keeps scores, so that the differences case by case are drawn without its run.
  CHECK(html.find("case by case") != std::string::npos);
  CHECK(content(folder / "r.md").starts_with("## "));
  CHECK(content(folder / "r.xml").starts_with("<?xml"));
  CHECK(content(folder / "r.csv").find("baseline.states_fact") != std::string::npos);
}

TEST_CASE("sample project: its baseline is what accepted.yaml gives") {
  const Sample sample;
  CHECK(sample.run({"eval", "accepted.yaml", "--no-gate", "--quiet"}).code == 0);
  CHECK(sample.run({"baseline", "set", "last", "fresh.json"}).code == 0);
  const Result<Value> kept =
      parse_json(*read_source(repository("datasets/examples/support/baselines/support.json")));
  const Result<Value> fresh = parse_json(*read_source(sample.folder.path() / "support/fresh.json"));
  REQUIRE(kept);
  REQUIRE(fresh);
  REQUIRE(kept->find("cases") != nullptr);
  CHECK(*kept->find("cases") == *fresh->find("cases"));
  for (const char* key : {"prompt", "dataset", "measures"})
    CHECK(*kept->find("run")->find(key) == *fresh->find("run")->find(key));
}
