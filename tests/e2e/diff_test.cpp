// `diff` from outside: what is asked of a server, in which order, and what a server that slows down
// does to the answer.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <cmath>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr int kCases = 60;

Value json_of(const std::string& text) {
  Result<Value> value = parse_json(text, "stdout");
  REQUIRE_MESSAGE(value, text);
  return *std::move(value);
}

double number_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  REQUIRE_MESSAGE(found != nullptr, path);
  return found->number();
}

std::string text_at(const Value& document, const char* path) {
  const Value* found = find_path(document, path);
  return found == nullptr ? "(absent)" : to_text(*found);
}

// Two versions of a prompt, sixty cases, one call at a time.
struct Project {
  TemporaryFolder folder;
  CliOptions here{.folder = folder.path()};

  explicit Project(const std::string& url, const std::string& more = "") {
    for (const char* version : {"1.0.0", "1.1.0"})
      folder.write(fmt::format("prompts/q/{}.yaml", version),
                   fmt::format("name: q\nversion: \"{0}\"\nsystem: Version {0}.\n"
                               "user: \"{{{{ question }}}}\"\n",
                               version));
    std::string cases;
    for (int i = 0; i < kCases; ++i)
      cases += fmt::format(
          "{{\"id\": \"c{0:02}\", \"question\": \"question {0}\", \"answer\": "
          "\"fine\"}}\n",
          i);
    folder.write("cases.jsonl", cases);
    folder.write("suite.yaml",
                 "prompt: q@1.0.0\ndataset: {path: cases.jsonl, fields: {reference: answer}}\n"
                 "model: {provider: openai, base_url: " +
                     url +
                     "/v1, name: m, limits: {concurrency: 1}, price: {input: 1, output: 2}}\n"
                     "evaluators: [exact_match]\n" +
                     more);
  }
};

bool of_newer(const Received& request) {
  return request.body.find("Version 1.1.0.") != std::string::npos;
}

}  // namespace

TEST_CASE("diff: both versions are asked about one case, then about the next, in random order") {
  const LoopbackServer server([](const Received& request) {
    const bool better = of_newer(request) || last_user_text(request) < "question 3";
    return chat_reply(request, better ? "fine" : "bad");
  });
  const Project project(server.url());
  const CliRun run =
      run_cli({"diff", "q@1.0.0", "q@1.1.0", "--suite", "suite.yaml", "--json"}, project.here);
  CAPTURE(run.err);
  REQUIRE(run.code == 0);
  const std::vector<Received> log = server.log();
  REQUIRE(log.size() == 2 * kCases);
  int newer_first = 0;
  for (std::size_t i = 0; i < log.size(); i += 2) {
    CHECK(last_user_text(log[i]) == fmt::format("question {}", i / 2));
    CHECK(last_user_text(log[i]) == last_user_text(log[i + 1]));
    CHECK(of_newer(log[i]) != of_newer(log[i + 1]));
    newer_first += of_newer(log[i]) ? 1 : 0;
  }
  CHECK(newer_first > 15);  // 30 are expected; fewer than 16 has a probability of 0.0001
  CHECK(newer_first < 45);

  const Value document = json_of(run.out);
  CHECK(text_at(document, "/command") == "diff");
  CHECK(text_at(document, "/before/version") == "1.0.0");
  CHECK(text_at(document, "/after/version") == "1.1.0");
  CHECK(text_at(document, "/prompt/version") == "1.1.0");
  CHECK(number_at(document, "/comparison/exact_match/wins") > 0);
  CHECK(number_at(document, "/comparison/exact_match/losses") == 0);
  CHECK(number_at(document, "/comparison/exact_match/p_value") < 0.001);
  CHECK(find_path(document, "/comparison/exact_match/interval/0") != nullptr);
  CHECK(find_path(document, "/comparison/latency/difference") != nullptr);
  CHECK(find_path(document, "/comparison/cost_per_case/difference") != nullptr);
  CHECK(find_path(document, "/latency_cause/splits/0/parts_ms") != nullptr);
  CHECK(find_path(document, "/changed_most")->list()->size() == 10);
  CHECK(text_at(document, "/changed_most/0/output_before") == "bad");
  CHECK(text_at(document, "/changed_most/0/output_after") == "fine");
  CHECK(text_at(document, "/verdict_line").starts_with("BETTER: q@1.1.0 against q@1.0.0"));
  // Both are runs like any other.
  const CliRun runs = run_cli({"runs", "list", "--json"}, project.here);
  CHECK(json_of(runs.out).find("runs")->list()->size() == 2);
}

TEST_CASE("diff: a server that slows down makes no difference between two versions") {
  // Each answer takes longer than the one before it.
  std::atomic<std::int64_t> asked = 0;
  const LoopbackServer server([&](const Received&) {
    return answer_after(std::chrono::microseconds(2000 + 250 * asked++), 200,
                        chat_json("fine", 5, 1));
  });
  const Project project(server.url(),
                        "gate:\n  baseline: b.json\n  rules: [{metric: latency, max_increase: "
                        "20%}]\n");
  const auto& here = project.here;
  // One version after the other: the newer one looks slower.
  REQUIRE(run_cli({"eval", "suite.yaml", "--no-gate", "--no-cache", "--quiet"}, here).code == 0);
  REQUIRE(run_cli({"baseline", "set", "last", "b.json"}, here).code == 0);
  const CliRun after =
      run_cli({"eval", "suite.yaml", "--prompt", "q@1.1.0", "--no-cache", "--json"}, here);
  CAPTURE(after.err);
  CHECK(after.code == 1);
  CHECK(number_at(json_of(after.out), "/comparison/latency/p_value") < 0.001);

  asked = 0;
  const CliRun paired =
      run_cli({"diff", "q@1.0.0", "q@1.1.0", "--suite", "suite.yaml", "--json"}, here);
  CAPTURE(paired.err);
  CHECK(paired.code == 0);
  const Value document = json_of(paired.out);
  CHECK(text_at(document, "/verdict/outcome") != "fail");
  CHECK(number_at(document, "/comparison/latency/p_value") > 0.001);
  CHECK(std::abs(number_at(document, "/comparison/latency/difference")) <
        0.1 * number_at(document, "/comparison/latency/baseline_mean"));
}

TEST_CASE("diff: without a suite nobody is called, and no key is needed") {
  const LoopbackServer server([](const Received& request) { return chat_reply(request, "fine"); });
  const Project project(server.url());
  std::string suite = read_source(project.folder.path() / "suite.yaml")->text();
  suite.replace(suite.find("name: m"), 7, "name: m, api_key_env: NO_SUCH_KEY");
  project.folder.write("suite.yaml", suite);
  const CliRun texts = run_cli({"diff", "q@1.0.0", "q@1.1.0"}, project.here);
  CHECK(texts.code == 0);
  CHECK(texts.out.find("Version 1.[-0-]{+1+}.0.") != std::string::npos);
  const CliRun filled =
      run_cli({"diff", "q@1.0.0", "q@1.1.0", "--suite", "suite.yaml", "--dry-run"}, project.here);
  CHECK(filled.code == 0);
  CHECK(filled.out.find("60 of 60 cases differ") != std::string::npos);
  CHECK(run_cli({"diff", "q@1.0.0", "q@1.1.0", "--suite", "suite.yaml"}, project.here).code == 2);
  CHECK(server.requests() == 0);
  CHECK_FALSE(std::filesystem::exists(project.folder.path() / ".llmops"));
}

TEST_CASE("diff: the page needs nothing else, and nothing in it runs") {
  const std::string hostile = "<script>alert(1)</script>\"'&\x1b[31m";
  const LoopbackServer server([&](const Received& request) {
    return chat_reply(request, of_newer(request) ? hostile : "fine");
  });
  const Project project(server.url());
  project.folder.write(
      "prompts/q/1.1.0.yaml",
      "name: q\nversion: \"1.1.0\"\nsystem: \"Version 1.1.0. <script>x</script>\"\n"
      "user: \"{{ question }}\"\n");
  const CliRun run = run_cli(
      {"diff", "q@1.0.0", "q@1.1.0", "--suite", "suite.yaml", "--html", "d.html", "--quiet"},
      project.here);
  CAPTURE(run.err);
  CHECK(run.code == 0);
  CHECK(run.out.starts_with("WORSE: "));
  const Result<Source> page = read_source(project.folder.path() / "d.html");
  REQUIRE(page);
  const std::string& text = page->text();
  CHECK(text.find("<script") == std::string::npos);
  CHECK(text.find("http://") == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("&lt;script&gt;alert(1)&lt;/script&gt;") != std::string::npos);
  CHECK(text.find("default-src 'none'") != std::string::npos);
  CHECK(text.find("<ins>") != std::string::npos);
  CHECK(text.find("Cases that changed most") != std::string::npos);
}

TEST_CASE("diff: what was not answered makes it incomplete") {
  const LoopbackServer server([](const Received& request) {
    if (of_newer(request)) return answer(400, R"({"error":{"message":"no"}})");
    return chat_reply(request, "fine");
  });
  const Project project(server.url());
  const CliRun run =
      run_cli({"diff", "q@1.0.0", "q@1.1.0", "--suite", "suite.yaml", "--quiet"}, project.here);
  CHECK(run.code == 3);
  CHECK(run.out == "INCOMPLETE: every call failed\n");
}
