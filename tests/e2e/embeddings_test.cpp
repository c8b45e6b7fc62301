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
