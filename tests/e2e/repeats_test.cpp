// Several samples a case, from outside: what each reducer gives, flaky cases, what is refused.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "datasets/text/json.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// Four cases of five recorded answers; the right one is always 42.
void write_project(const TemporaryFolder& folder, const std::string& reduce, int samples = 5) {
  const std::pair<const char*, std::vector<const char*>> kAnswers[] = {
      {"a", {"42", "42", "so 42", "42.0", "= 42"}   }, // always right
      {"b", {"41", "40", "42", "it is 42", "39"}    }, // right twice: more than any other answer
      {"c", {"41", "41", "41", "42", "I don't know"}}, // right once: outvoted
      {"d", {"x", "x", "7", "x", "x"}               }, // never right
  };
  std::string cases, recording;
  for (const auto& [id, answers] : kAnswers) {
    cases += fmt::format("{{\"id\": \"{}\", \"question\": \"?\", \"answer\": \"42\"}}\n", id);
    for (std::size_t i = 0; i < answers.size(); ++i)
      recording +=
          fmt::format("{{\"id\": \"{}\", \"n\": {}, \"out\": \"{}\"}}\n", id, i, answers[i]);
  }
  folder.write("cases.jsonl", cases);
  folder.write("r.jsonl", recording);
  folder.write(
      "llmops.yaml",
      "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
      "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
      "model: {provider: replay, path: r.jsonl, match: id, output: out, sample: n, name: r}\n"
      "samples: " +
          std::to_string(samples) +
          "\n"
          "evaluators: [numeric_match: {reduce: " +
          reduce +
          "}]\n"
          "gate: {rules: [{metric: numeric_match.vote, min: 0.1}]}\n");
}

std::string content(const TemporaryFolder& folder, const char* name) {
  std::ifstream in(folder.path() / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("repeats: every reducer's figure, by hand") {
  const TemporaryFolder folder;
  write_project(folder, "[mean, vote, best, at_least_2, pass@2, pass^2]");
  const CliRun run =
      run_cli({"eval", "--json", "--samples-out", "s.jsonl"}, {.folder = folder.path()});
  CAPTURE(run.err);
  REQUIRE((run.code == 0 || run.code == 1));
  const Result<Value> document = parse_json(run.out, "stdout");
  REQUIRE(document);
  const auto mean_of = [&](const std::string& metric) {
    const Value* metrics = document->find("metrics");
    const Value* found = metrics == nullptr ? nullptr : metrics->find(metric);
    REQUIRE_MESSAGE(found != nullptr, metric);
    return found->find("mean")->number();
  };
  // 5, 2, 1 and 0 of 5 right.
  CHECK(mean_of("numeric_match") == doctest::Approx((1 + 0.4 + 0.2 + 0) / 4));
  CHECK(mean_of("numeric_match.vote") == doctest::Approx((1 + 1 + 0 + 0) / 4.0));
  CHECK(mean_of("numeric_match.best") == doctest::Approx((1 + 1 + 1 + 0) / 4.0));
  CHECK(mean_of("numeric_match.at_least_2") == doctest::Approx((1 + 1 + 0 + 0) / 4.0));
  // 1 - C(5-c, 2)/C(5, 2) and C(c, 2)/C(5, 2).
  CHECK(mean_of("numeric_match.pass@2") == doctest::Approx((1 + 0.7 + 0.4 + 0) / 4));
  CHECK(mean_of("numeric_match.pass^2") == doctest::Approx((1 + 0.1 + 0 + 0) / 4));

  const Value* findings = document->find("findings");
  REQUIRE(findings != nullptr);
  CHECK(to_text(*find_path(*findings, "/0/sentence")) ==
        "2 of 4 cases are flaky: their samples disagree on numeric_match: b (2 of 5), c (1 of 5)");
  CHECK(to_text(*find_path(*findings, "/1/kind")) == "variance");
  // Case means 1, 0.4, 0.2, 0: variance 0.56/3. Within: (0.3 + 0.2)/4.
  CHECK(find_path(*findings, "/1/parts/samples")->number() == doctest::Approx(0.125));
  CHECK(find_path(*findings, "/1/parts/cases")->number() == doctest::Approx(0.56 / 3 - 0.025));

  // A sample has its own score, and what it voted for.
  const std::string lines = content(folder, "s.jsonl");
  const Result<Value> first = parse_json(lines.substr(0, lines.find('\n')), "s.jsonl");
  REQUIRE(first);
  CHECK(dump_json(*first->find("scores")) == R"({"numeric_match":1.0})");
  CHECK(to_text(*first->find("notes")->find("numeric_match.vote")) == "42e0");
}

TEST_CASE("repeats: reports list flaky cases") {
  const TemporaryFolder folder;
  write_project(folder, "vote");
  const CliRun run =
      run_cli({"eval", "--html", "r.html", "--markdown", "r.md"}, {.folder = folder.path()});
  const char* sentence = "2 of 4 cases are flaky";
  CHECK(run.out.find(sentence) != std::string::npos);
  CHECK(content(folder, "r.html").find(sentence) != std::string::npos);
  CHECK(content(folder, "r.md").find(sentence) != std::string::npos);
}

TEST_CASE("repeats: what cannot be is refused, with its place") {
  const TemporaryFolder folder;
  write_project(folder, "pass@9");
  const CliRun few = run_cli({"eval"}, {.folder = folder.path()});
  CHECK(few.code == 2);
  CHECK(few.err.find(
            "`numeric_match.pass@9` takes at least 9 samples a case, the suite asks for 5") !=
        std::string::npos);
  write_project(folder, "median");
  const CliRun unknown = run_cli({"eval"}, {.folder = folder.path()});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("llmops.yaml:5:38: error: `median` reduces nothing") != std::string::npos);
  CHECK(unknown.err.find("`at_least_K`, `pass@K` or `pass^K`") != std::string::npos);
}

TEST_CASE("repeats: plan says whether more cases or more samples buy more") {
  const TemporaryFolder folder;
  std::string cases, before, after;
  for (int i = 0; i < 40; ++i) {
    cases += fmt::format("{{\"id\": \"c{}\", \"question\": \"?\", \"answer\": \"42\"}}\n", i);
    // Cases hardly differ, their samples do: what a case comes to is mostly luck.
    for (int n = 0; n < 2; ++n) {
      before += fmt::format("{{\"id\": \"c{}\", \"n\": {}, \"out\": \"{}\"}}\n", i, n,
                            (i + n) % 2 == 0 ? "42" : "7");
      after += fmt::format("{{\"id\": \"c{}\", \"n\": {}, \"out\": \"{}\"}}\n", i, n,
                           (i / 2 + n) % 2 == 0 ? "42" : "7");
    }
  }
  folder.write("cases.jsonl", cases);
  folder.write("r.jsonl", before);
  folder.write(
      "llmops.yaml",
      "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
      "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
      "model: {provider: replay, path: r.jsonl, match: id, output: out, sample: n, name: r}\n"
      "samples: 2\n"
      "evaluators: [numeric_match]\n"
      "gate: {baseline: b.json, rules: [{metric: numeric_match, max_drop: 0.1}]}\n");
  const auto plan_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = {"plan", "--json"};
    command.insert(command.end(), more.begin(), more.end());
    const CliRun run = run_cli(command, {.folder = folder.path()});
    REQUIRE_MESSAGE(run.code == 0, run.err);
    const Result<Value> document = parse_json(run.out, "stdout");
    REQUIRE(document);
    return document->find("rules")->list()->at(0);
  };
  REQUIRE(run_cli({"eval", "--no-gate"}, {.folder = folder.path()}).code == 0);
  REQUIRE(run_cli({"baseline", "set", "last", "b.json"}, {.folder = folder.path()}).code == 0);
  CHECK(plan_of({}).find("repeats") == nullptr);  // nothing to compare with yet
  folder.write("r.jsonl", after);
  run_cli({"eval"}, {.folder = folder.path()});

  const Value cheap = plan_of({});
  REQUIRE(cheap.find("repeats") != nullptr);
  CHECK(to_text(*cheap.find("repeats")->find("buys_more")) == "cases");
  CHECK(cheap.find("repeats")->find("more_cases")->number() == 80);
  CHECK(cheap.find("repeats")->find("more_samples")->number() == 4);
  // Where a new case costs twenty calls, asking again buys more.
  const Value dear = plan_of({"--case-cost", "20"});
  CHECK(to_text(*dear.find("repeats")->find("buys_more")) == "samples");
  const CliRun text = run_cli({"plan", "--case-cost", "20"}, {.folder = folder.path()});
  CHECK_MESSAGE(text.out.find("more samples buy more: for the same money") != std::string::npos,
                text.out);
}
