// Retrieval metrics from outside: a model and a judge on a loopback server,
// figures by hand.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>

#include "datasets/text/json.h"
#include "evaluators/metrics/text/sentences.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// What stands between the marks of an exhibit.
std::string shown(const std::string& message, const std::string& name) {
  const std::string begins = " " + name + " begins -----\n";
  const std::size_t at = message.find(begins);
  if (at == std::string::npos) return "";
  const std::size_t from = at + begins.size();
  return message.substr(from, message.find(" " + name + " ends -----", from) - from);
}

// A judge that works by rule: statements are sentences, and one is supported
// where the source holds it word for word.
std::string judge_says(const std::string& message) {
  if (message.find("List what the text states") != std::string::npos) {
    List found;
    for (const std::string& sentence : sentences_of(shown(message, "text")))
      if (sentence.find("-----") == std::string::npos) found.emplace_back(sentence);
    return "Here you are, 10 of 10:\n```json\n" +
           dump_json(Object{
               {"statements", std::move(found)}
    }) +
           "\n```";
  }
  List verdicts;
  const std::string source = shown(message, "source");
  std::int64_t number = 0;
  for (const std::string& line : sentences_of(shown(message, "statements"))) {
    if (!line.starts_with("[")) continue;
    const std::string statement = line.substr(line.find("] ") + 2);
    verdicts.push_back(Object{
        {"number",  ++number                                                  },
        {"reason",  "looked for it"                                           },
        {"verdict", source.find(statement) == std::string::npos ? "no" : "yes"}
    });
  }
  return dump_json(Object{
      {"verdicts", std::move(verdicts)}
  });
}

}  // namespace

TEST_CASE("rag: faithfulness and correctness with a judge, by hand") {
  std::atomic<int> judged = 0;
  const LoopbackServer server([&](const Received& request) {
    const std::string message = last_user_text(request);
    if (request.body.find("\"judge-model\"") != std::string::npos) {
      ++judged;
      return chat_reply(request, judge_says(message));
    }
    return chat_reply(request, message == "tower?" ? "It is in Paris. It is blue."
                               : message == "sea?" ? "The sea is wide."
                                                   : "...");
  });
  const TemporaryFolder folder;
  folder.write(
      "cases.jsonl",
      R"({"id": "a", "question": "tower?", "contexts": ["It is in Paris.", "It is high."], "answer": "It is in Paris. It is high. It is old."})"
      "\n"
      R"({"id": "b", "question": "sea?", "contexts": ["The sea is wide."], "answer": "The sea is wide."})"
      "\n"
      R"({"id": "c", "question": "why?", "contexts": ["Because."], "answer": "Because."})"
      "\n");
  folder.write("llmops.yaml",
               "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
               "dataset: {path: cases.jsonl, fields: {reference: answer, context: "
               "contexts}}\n"
               "model: {provider: openai, base_url: " +
                   server.url() +
                   "/v1, name: m}\n"
                   "judge: {provider: openai, base_url: " +
                   server.url() +
                   "/v1, name: judge-model}\n"
                   "evaluators: [faithfulness, faithfulness@deepeval, context_recall, "
                   "answer_correctness]\n"
                   "gate: {rules: [{metric: faithfulness@deepeval, min: 0.01}]}\n");
  const CliRun run = run_cli({"eval", "--json"}, {.folder = folder.path()});
  CAPTURE(run.err);
  const Value document = json_of(run);
  const Value* metrics = document.find("metrics");
  REQUIRE(metrics != nullptr);
  const auto figure = [&](const char* metric, const char* key) {
    REQUIRE_MESSAGE(metrics->find(metric) != nullptr, metric);
    return metrics->find(metric)->find(key)->number();
  };
  // a: one of two; b: one of one; c states nothing.
  CHECK(figure("faithfulness", "mean") == doctest::Approx(0.75));
  CHECK(figure("faithfulness", "unscored") == 1);
  // DeepEval: "no" fails, an answer without a claim scores 1.
  CHECK(figure("faithfulness@deepeval", "mean") == doctest::Approx((0.5 + 1 + 1) / 3));
  // a: two of the three sentences of the reference; b and c: all.
  CHECK(figure("context_recall", "mean") == doctest::Approx((2.0 / 3 + 1 + 1) / 3));
  // a: TP 1, FP 1, FN 2: 1/(1 + 1.5); b: 1; c: TP 0, FP 0, FN 1: 0.
  CHECK(figure("answer_correctness", "mean") == doctest::Approx((0.4 + 1 + 0) / 3));
  CHECK(judged > 0);

  // Answers of judges are found again: nothing is asked twice.
  const int before = judged;
  run_cli({"eval", "--json"}, {.folder = folder.path()});
  CHECK(judged == before);
}

TEST_CASE("rag: relevancy and correctness with embeddings, by hand") {
  std::atomic<int> guesses = 0;
  const LoopbackServer server([&](const Received& request) -> Reply {
    if (request.path.find("/embeddings") != std::string::npos) {
      // One vector a text: the question, the three guesses, the answer, the reference.
      const Result<Value> asked = parse_json(request.body, "request");
      List data;
      std::int64_t index = 0;
      for (const Value& text : *asked->find("input")->list()) {
        const std::string said = to_text(text);
        const List vector = said == "where?" || said == "guess 1" ? List{1.0, 0.0}
                            : said == "guess 2"                   ? List{0.6, 0.8}
                            : said == "guess 3"                   ? List{0.0, -1.0}
                            : said == "In Paris."                 ? List{1.0, 0.0}
                                                                  : List{0.8, 0.6};
        data.push_back(Object{
            {"index",     index++},
            {"embedding", vector }
        });
      }
      return answer(200, dump_json(Object{
                             {"data", std::move(data)}
      }));
    }
    const std::string message = last_user_text(request);
    if (message.find("Write the question") != std::string::npos) {
      const int number = guesses++ % 3 + 1;
      return chat_reply(request, fmt::format(R"({{"question": "guess {}", "noncommittal": {}}})",
                                             number, number == 3));
    }
    if (message.find("List what the text states") != std::string::npos)
      return chat_reply(request, R"({"statements": ["a", "b"]})");
    if (message.find("Sort the numbered statements") != std::string::npos)
      return chat_reply(request, R"({"reason": "r", "TP": [1], "FP": [2], "FN": [2]})");
    return chat_reply(request, "In Paris.");
  });
  const TemporaryFolder folder;
  folder.write("cases.jsonl", R"({"id": "a", "question": "where?", "answer": "Paris."})"
                              "\n");
  const std::string embeddings = "embeddings: {base_url: " + server.url() + "/v1, model: e}";
  folder.write("llmops.yaml",
               "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
               "dataset: {path: cases.jsonl, fields: {reference: answer}}\n"
               "model: {provider: openai, base_url: " +
                   server.url() +
                   "/v1, name: m}\n"
                   "judge: {provider: openai, base_url: " +
                   server.url() +
                   "/v1, name: judge-model}\n"
                   "evaluators:\n"
                   "  - answer_relevancy: {" +
                   embeddings +
                   "}\n"
                   "  - answer_relevancy@ragas: {" +
                   embeddings +
                   "}\n"
                   "  - answer_correctness@ragas: {" +
                   embeddings + "}\n");
  const CliRun run = run_cli({"eval", "--json"}, {.folder = folder.path()});
  CAPTURE(run.err);
  CAPTURE(run.out);
  const Value document = json_of(run);
  const Value* metrics = document.find("metrics");
  REQUIRE(metrics != nullptr);
  const auto mean = [&](const char* metric) {
    REQUIRE_MESSAGE(metrics->find(metric) != nullptr, metric);
    return metrics->find(metric)->find("mean")->number();
  };
  // Cosines 1, 0.6, 0; the third guess is noncommittal, and not all of them are.
  CHECK(mean("answer_relevancy") == doctest::Approx(1.6 / 3));
  CHECK(mean("answer_relevancy@ragas") == doctest::Approx(1.6 / 3));
  // F1 = 1/(1 + 1) and cosine 0.8.
  CHECK(mean("answer_correctness@ragas") == doctest::Approx(0.75 * 0.5 + 0.25 * 0.8));
}

TEST_CASE("rag: faithfulness by a classifier of entailment behind an http endpoint") {
  std::atomic<int> classified = 0;
  const LoopbackServer server([&](const Received& request) {
    if (request.path.find("/predict") != std::string::npos) {
      ++classified;
      const Result<Value> body = parse_json(request.body, "request");
      REQUIRE(body);
      const List& pair = *find_path(*body, "/inputs/0")->list();
      const bool holds = to_text(pair[0]).find(to_text(pair[1])) != std::string::npos;
      // As text-embeddings-inference answers.
      return answer(200, holds ? R"([[{"label": "entailment", "score": 0.97}]])"
                               : R"([[{"label": "neutral", "score": 0.61}]])");
    }
    const std::string message = last_user_text(request);
    if (request.body.find("\"judge-model\"") != std::string::npos)
      return chat_reply(request, judge_says(message));
    return chat_reply(request, "It is in Paris. It is blue.");
  });
  const TemporaryFolder folder;
  folder.write("cases.jsonl",
               R"({"id": "a", "question": "?", "contexts": ["It is in Paris.", "It is high."]})"
               "\n");
  folder.write("llmops.yaml",
               "prompt: {name: q, version: \"1.0.0\", user: \"{{ question }}\"}\n"
               "dataset: {path: cases.jsonl, fields: {context: contexts}}\n"
               "model: {provider: openai, base_url: " +
                   server.url() +
                   "/v1, name: m}\n"
                   "judge: {provider: openai, base_url: " +
                   server.url() +
                   "/v1, name: judge-model}\n"
                   "evaluators:\n"
                   "  - faithfulness:\n"
                   "      nli:\n"
                   "        provider: http\n"
                   "        base_url: " +
                   server.url() +
                   "/predict\n"
                   "        request: {inputs: [[\"{{ premise }}\", \"{{ hypothesis }}\"]]}\n"
                   "        output: /0/0/label\n");
  const CliRun run = run_cli({"eval", "--json"}, {folder.path()});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const Value document = json_of(run);
  CHECK(number_at(document, "/metrics/faithfulness/mean") == 0.5);
  CHECK(text_at(document, "/metrics/faithfulness/signature").find("|verdicts:nli") !=
        std::string::npos);
  CHECK(classified == 2);  // one call a statement
}
