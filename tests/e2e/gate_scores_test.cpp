// `gate --scores`: what any tool wrote, from outside.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr const char* kRules =
    "metrics:\n"
    "  pass: {kind: binary}\n"
    "  grade: {kind: bounded, range: [1, 5], better: higher}\n"
    "gate:\n"
    "  on_inconclusive: fail\n"
    "  rules:\n"
    "    - {metric: pass, max_drop: 0.05}\n"
    "    - {metric: grade, max_drop: 0.2, where: tags.lang = de}\n"
    "    - {metric: output_tokens, max_increase: 10%}\n";

std::string rows(int cases, const std::function<bool(int)>& passes, int more_tokens) {
  std::string text;
  for (int i = 0; i < cases; ++i)
    text += fmt::format(
        "{{\"case_id\": \"c{}\", \"scores\": {{\"pass\": {}, \"grade\": {}}}, \"tags\": "
        "{{\"lang\": \"{}\"}}, \"output_tokens\": {}}}\n",
        i, passes(i) ? 1 : 0, 2 + i % 3, i % 2 == 0 ? "de" : "en", 80 + i % 7 + more_tokens);
  return text;
}

struct Desk {
  TemporaryFolder folder;
  Desk() {
    folder.write("rules.yaml", kRules);
    folder.write("old.jsonl", rows(
                                  200, [](int i) { return i % 10 != 0; }, 0));
  }
  CliRun gate(const std::string& scores, std::vector<std::string> more = {}) const {
    folder.write("new.jsonl", scores);
    std::vector<std::string> all = {"gate",      "--scores", "new.jsonl", "--baseline-scores",
                                    "old.jsonl", "--rules",  "rules.yaml"};
    all.insert(all.end(), more.begin(), more.end());
    return run_cli(all, {.folder = folder.path()});
  }
};

}  // namespace

TEST_CASE("gate --scores: each verdict has its exit code") {
  const Desk desk;
  const auto as_before = [](int i) { return i % 10 != 0; };
  const CliRun pass = desk.gate(rows(200, as_before, 0));
  CHECK(pass.code == 0);
  CHECK(pass.out.find("PASS: all 3 rules hold\n200 cases\n") == 0);
  CHECK(pass.out.find("llmops report") == std::string::npos);  // nothing is stored
  CHECK(desk.gate(rows(
                      200, [](int i) { return i % 3 != 0; }, 0),
                  {"--quiet"})
            .code == 1);
  CHECK(desk.gate(rows(20, as_before, 0), {"--quiet"}).code == 4);
  CHECK(desk.gate("", {"--quiet"}).code == 4);
  const CliRun broken = desk.gate("{\"case_id\": \"a\", \"scores\": {\"pass\": NaN}}\n");
  CHECK(broken.code == 2);
  CHECK(broken.err.find("`pass` of case `a` is NaN") != std::string::npos);
}

TEST_CASE("gate --scores: says how it tested, why, and where tokens come from") {
  const Desk desk;
  const CliRun run = desk.gate(rows(
                                   200, [](int i) { return i % 3 != 0; }, 20),
                               {"--json", "--html", "r.html", "--markdown", "r.md"});
  CHECK(run.code == 1);
  const Result<Value> document = parse_json(run.out, "stdout");
  REQUIRE(document);
  const auto at = [&](const char* path) {
    const Value* found = find_path(*document, path);
    return found == nullptr ? "(absent)" : to_text(*found);
  };
  CHECK(at("/comparison/pass/method") == "tango score, mcnemar mid-p");
  CHECK(at("/comparison/pass/why") == "pass/fail of the same cases");
  CHECK(at("/comparison/pass/test") == "paired t");
  CHECK(find_path(*document, "/comparison/pass/mde") != nullptr);
  CHECK(find_path(*document, "/comparison/pass/cases_needed") != nullptr);
  CHECK(at("/verdict/rules/2/outcome") == "fail");
  CHECK(at("/verdict/rules/2/why").ends_with("; where it comes from: answers +20"));
  CHECK(at("/findings/0/parts/answers") == "20.0");
  for (const char* file : {"r.html", "r.md"}) {
    const Result<Source> page = read_source(desk.folder.path() / file);
    REQUIRE(page);
    CHECK(page->text().find("How it was tested") != std::string::npos);
    CHECK(page->text().find("pass/fail of the same cases") != std::string::npos);
  }
}
