// Metrics over embeddings, from outside: an endpoint's calls count in the run, a model that is not
// there stops nothing but its metric.
#include <doctest/doctest.h>

#include "datasets/text/files.h"
#include "tests/e2e/live_project.h"
#include "tests/support/embeddings_server.h"

using namespace llmops;
using namespace llmops::test;

namespace {

Reply model_or_embeddings(const Received& request) {
  return request.path == "/v1/embeddings" ? embeddings_answer(request) : chat_reply(request, "1");
}

void write_project(const TemporaryFolder& folder, const std::string& url) {
  write_live_project(folder, url, 4, "name: m, stream: false",
                     "gate: {rules: [{metric: bertscore, min: 0.5}]}\n");
  const std::string suite = read_source(folder.path() / "llmops.yaml")->text();
  const std::string given = "evaluators: [exact_match]";
  const std::size_t at = suite.find(given);
  REQUIRE(at != std::string::npos);
  folder.write("llmops.yaml", suite.substr(0, at) +
                                  "evaluators:\n  - exact_match\n  - bertscore\n"
                                  "  - embedding_similarity: {model: {name: toy, base_url: " +
                                  url + "/v1, price: {input: 1, output: 0}}}" +
                                  suite.substr(at + given.size()));
}

}  // namespace

TEST_CASE("embeddings: calls, tokens and cost of an endpoint are the run's") {
  const TemporaryFolder folder;
  const LoopbackServer server(&model_or_embeddings);
  write_project(folder, server.url());
  const CliOptions here{.folder = folder.path(),
                        .environment = {{"HF_HUB_CACHE", (folder.path() / "hub").string()}}};
  const CliRun first = run_cli({"eval", "--json"}, here);
  const Value told = json_of(first);
  CHECK(text_at(told, "/metrics/embedding_similarity/mean") == "1.0");
  CHECK(text_at(told, "/run/judges/0/evaluator") == "embedding_similarity");
  CHECK(text_at(told, "/run/judges/0/input_tokens") == "1");  // one text, asked once
  CHECK(number_at(told, "/run/cost_usd") == doctest::Approx(1e-6));
  // The model of `bertscore` is not on the machine: one sentence, and the rest has run.
  CHECK(first.err.find("`bertscore` is not measured: the model `roberta-large` is not on this "
                       "machine") != std::string::npos);
  CHECK(first.err.find("run `llmops models pull roberta-large`") != std::string::npos);
  CHECK(text_at(told, "/metrics/exact_match/mean") == "1.0");
  CHECK(text_at(told, "/verdict/outcome") == "inconclusive");

  const Value again = json_of(run_cli({"eval", "--json"}, here));
  CHECK(text_at(again, "/run/judges/0/calls/made") == "0");
  CHECK(text_at(again, "/run/judges/0/calls/cached") == "1");
  const Value fresh = json_of(run_cli({"eval", "--json", "--no-cache"}, here));
  CHECK(text_at(fresh, "/run/judges/0/calls/made") == "1");
}

TEST_CASE("expected: `similar(0.8)` is decided by the vectors of an endpoint") {
  const TemporaryFolder folder;
  const LoopbackServer server(&model_or_embeddings);
  // Length, vowels and blanks: equal texts have the cosine 1; "xxxxxxxx" and "a a a a" are far off.
  folder.write("t.csv",
               "q,__expected\n1,similar(0.8): It is Paris\n2,similar(0.999): a a a a\n"
               "3,not-similar(0.999): a a a a\n");
  folder.write("r.jsonl",
               "{\"q\": \"1\", \"out\": \"It is Paris\"}\n{\"q\": \"2\", \"out\": "
               "\"xxxxxxxx\"}\n{\"q\": \"3\", \"out\": \"xxxxxxxx\"}\n");
  std::string suite = "prompt: {name: p, version: 1.0.0, user: \"{{ q }}\"}\ndataset: t.csv\n";
  suite += "model: {provider: replay, path: r.jsonl, match: q, output: out, name: r}\n";
  suite += "evaluators:\n  - expected: {similar: {embedding_similarity: {model: {name: toy, ";
  folder.write("llmops.yaml", suite + "base_url: " + server.url() + "/v1}}}}\n");
  const CliRun run = run_cli({"eval", "--json", "--samples-out", "out.jsonl"},
                             {.folder = folder.path(),
                              .environment = {{"HF_HUB_CACHE", (folder.path() / "hub").string()}}});
  const Value told = json_of(run);
  CHECK(number_at(told, "/metrics/expected/n") == 3);
  CHECK(number_at(told, "/metrics/expected/mean") == doctest::Approx(2.0 / 3.0));
}

TEST_CASE("datasets dedup --by meaning: a folder's vectors or an endpoint's") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  folder.write("d.jsonl",
               "{\"id\": \"a\", \"question\": \"Hello, World\"}\n"
               "{\"id\": \"b\", \"question\": \"iou\"}\n"
               "{\"id\": \"c\", \"question\": \"hello , world\"}\n"
               "{\"id\": \"d\", \"question\": \"HELLO, world\"}\n");
  const std::vector<std::string> asked = {"datasets", "dedup",    "d.jsonl", "--by",
                                          "meaning",  "--column", "question"};
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.begin(), asked.begin(), asked.end());
    return run_cli(more, here);
  };

  // Three numbers a text: length, vowels, blanks. Only `iou` points elsewhere.
  const LoopbackServer server(&model_or_embeddings);
  const Value found =
      json_of(run({"--model", "toy", "--base-url", server.url() + "/v1", "--json"}));
  CHECK(text_at(found, "cases") == "4");
  CHECK(text_at(found, "/duplicates/0/line") == "3");
  CHECK(text_at(found, "/duplicates/0/repeats") == "1");
  CHECK(number_at(found, "/duplicates/0/similarity") >= 0.95);
  const Value strict = json_of(run(
      {"--model", "toy", "--base-url", server.url() + "/v1", "--threshold", "0.99999", "--json"}));
  CHECK(strict.find("duplicates")->list()->size() < found.find("duplicates")->list()->size());

  const CliRun alone = run({});
  CHECK(alone.code == 2);
  CHECK(alone.err.find("--by meaning needs vectors") != std::string::npos);
  const CliRun nowhere = run({"--model", "./nothing"});
  CHECK(nowhere.code == 2);
  CHECK(nowhere.err.find("there is no model folder `./nothing`") != std::string::npos);
  const CliRun dead = run({"--model", "toy", "--base-url", "http://127.0.0.1:9/v1", "--json"});
  CHECK(text_at(json_of(dead), "/duplicates") == "[]");  // nothing is dropped for want of a vector
  CHECK(dead.err.find("cases without an embedding are kept") != std::string::npos);

  const auto model = shared("reference/bertscore/models/bert-tiny");
  if (!model) return;
  const CliRun written = run({"--model", model->string(), "--output", "kept.jsonl"});
  CHECK(written.code == 0);
  // An uncased tokenizer gives the same ids for a, c and d.
  CHECK(read_source(folder.path() / "kept.jsonl")->text() ==
        "{\"id\":\"a\",\"question\":\"Hello, World\"}\n"
        "{\"id\":\"b\",\"question\":\"iou\"}\n");
}

TEST_CASE("runs drift --model: how far the outputs' mean embedding moved") {
  const TemporaryFolder folder;
  std::string said = "a b";
  const LoopbackServer server([&said](const Received& request) {
    return request.path == "/v1/embeddings" ? embeddings_answer(request)
                                            : chat_reply(request, said);
  });
  write_live_project(folder, server.url(), 12, "name: m, stream: false");
  const CliOptions here{.folder = folder.path()};
  REQUIRE(run_cli({"eval", "--quiet"}, here).code == 0);
  const std::string first =
      text_at(json_of(run_cli({"runs", "list", "--json"}, here)), "/runs/0/id");
  said = "aeiouaeiouaeiou";
  REQUIRE(run_cli({"eval", "--quiet", "--no-cache"}, here).code == 0);

  const auto drift = [&](const std::string& to, std::vector<std::string> vectors) {
    std::vector<std::string> arguments = {"runs", "drift", first, to, "--json"};
    arguments.insert(arguments.end(), vectors.begin(), vectors.end());
    const Value told = json_of(run_cli(arguments, here));
    for (const Value& finding : *told.find("findings")->list())
      if (finding.find("centroid_distance") != nullptr) return finding;
    FAIL("no centroid");
    return Value();
  };
  const std::vector<std::string> endpoint = {"--model", "toy", "--base-url", server.url() + "/v1"};
  // (3, 1, 1) against (15, 15, 0): 1 - 60 / sqrt(11 * 450)
  const Value far = drift("last", endpoint);
  CHECK(number_at(far, "centroid_distance") == doctest::Approx(0.147197).epsilon(1e-4));
  CHECK(text_at(far, "baseline_n") == "12");
  CHECK(number_at(drift(first, endpoint), "centroid_distance") == doctest::Approx(0.0));

  if (const auto model = shared("reference/bertscore/models/bert-tiny")) {
    const std::vector<std::string> local = {"--model", model->string()};
    CHECK(number_at(drift("last", local), "centroid_distance") > 1e-3);
    CHECK(number_at(drift(first, local), "centroid_distance") < 1e-9);
  }
  const CliRun both =
      run_cli({"runs", "drift", first, "last", "--model", "toy", "--base-url", server.url(),
               "--embeddings", "e.jsonl", "--baseline-embeddings", "e.jsonl"},
              here);
  CHECK(both.code == 2);
}

TEST_CASE("embeddings: an endpoint's calls stay within --max-cost, and the run goes on later") {
  const TemporaryFolder folder;
  const LoopbackServer server(&model_or_embeddings);
  write_live_project(folder, server.url(), 3,
                     "name: m, stream: false, price: {input: 0, output: 0}");
  const std::string suite = read_source(folder.path() / "llmops.yaml")->text();
  const std::string given = "evaluators: [exact_match]";
  // A dollar a token.
  folder.write("llmops.yaml", std::string(suite).replace(
                                  suite.find(given), given.size(),
                                  "evaluators:\n  - exact_match\n"
                                  "  - embedding_similarity: {model: {name: toy, base_url: " +
                                      server.url() + "/v1, price: {input: 1000000, output: 0}}}"));
  const CliOptions here{.folder = folder.path()};
  const CliRun stopped = run_cli({"eval", "--max-cost", "0.1", "--json"}, here);
  CAPTURE(stopped.err);
  CHECK(stopped.code == 3);
  CHECK(stopped.err.find("max-cost reached") != std::string::npos);
  CHECK(number_at(json_of(stopped), "/run/cost_usd") == 0.0);
  const CliRun resumed = run_cli({"eval", "--resume", "last", "--json"}, here);
  CAPTURE(resumed.err);
  CHECK(resumed.code == 0);
  CHECK(text_at(json_of(resumed), "/metrics/embedding_similarity/mean") == "1.0");
}
