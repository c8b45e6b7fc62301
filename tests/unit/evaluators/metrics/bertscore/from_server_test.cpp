// A loopback server that runs a small model folder stands in for text-embeddings-inference,
// llama.cpp and vLLM: its scores have to be those of the folder itself at its last layer.
#include <doctest/doctest.h>

#include <cmath>
#include <mutex>

#include "datasets/text/json.h"
#include "evaluators/encoder/text_encoder.h"
#include "tests/support/embeddings_server.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// Vectors of each token as the server's JSON holds them.
List token_rows(const TextEncoder& encoder, const std::string& text) {
  const std::vector<TokenIds> ids{encoder.tokenizer().encode(text)};
  const std::size_t hidden = encoder.config().hidden, layer = encoder.layers();
  List rows;
  std::mutex mutex;
  encoder.encoder().encode(ids, {layer, layer},
                           [&](std::size_t, std::size_t, const float* vectors) {
                             const std::lock_guard lock(mutex);
                             for (std::size_t t = 0; t < ids[0].size(); ++t) {
                               List row;
                               for (std::size_t i = 0; i < hidden; ++i)
                                 row.emplace_back(double{vectors[t * hidden + i]});
                               rows.emplace_back(std::move(row));
                             }
                           });
  return rows;
}

Reply token_answer(const TextEncoder& encoder, const Received& request) {
  List all;
  std::int64_t index = 0;
  for (const std::string& text : embedded_texts(request)) {
    List rows = token_rows(encoder, text);
    if (request.path == "/embed_all")
      all.emplace_back(std::move(rows));
    else if (request.path == "/embeddings")
      all.emplace_back(Object{
          {"index",     index          },
          {"embedding", std::move(rows)}
      });
    else
      all.emplace_back(Object{
          {"index",  index          },
          {"object", "pooling"      },
          {"data",   std::move(rows)}
      });
    ++index;
  }
  if (request.path != "/pooling") return answer(200, dump_json(Value(std::move(all))));
  return answer(200, dump_json(Value(Object{
                         {"object", "list"        },
                         {"data",   std::move(all)}
  })));
}

std::vector<std::pair<std::string, std::vector<std::string>>> pairs() {
  return {
      {"the quick brown fox",             {"a fast brown fox", "a fox that is quick"}},
      {"nothing in common",               {"stock markets fell sharply"}             },
      {"",                                {"an empty output scores 0"}               },
      {"[SEP] written in the text [SEP]", {"specials weigh nothing"}                 },
  };
}

}  // namespace

TEST_CASE("bertscore from a server: the scores of the folder that it serves") {
  const auto folder = shared("reference/bertscore/models/bert-tiny");
  if (!folder) return;
  Result<std::unique_ptr<TextEncoder>> encoder = TextEncoder::open({.folder = *folder});
  REQUIRE(encoder);
  LoopbackServer server([&](const Received& request) { return token_answer(**encoder, request); });
  const auto local = make_metric(
      "bertscore", "{model: '" + folder->string() +
                       "', cache: none, num_layers: " + std::to_string((*encoder)->layers()) + "}");
  for (const char* protocol : {"tei", "llama.cpp", "vllm"}) {
    CAPTURE(protocol);
    const auto metric =
        make_metric("bertscore", "{server: {protocol: " + std::string(protocol) + ", base_url: '" +
                                     server.url() + "', name: tiny}, tokenizer: '" +
                                     folder->string() + "', cache: none}");
    for (const auto& [output, references] : pairs()) {
      CAPTURE(output);
      const Measurement here = measure(*local, output, references);
      const Measurement there = measure(*metric, output, references);
      CAPTURE(there.why);
      REQUIRE(there.values.size() == here.values.size());
      for (std::size_t i = 0; i < here.values.size(); ++i) {
        REQUIRE(there.values[i]);
        CHECK(std::abs(*there.values[i] - *here.values[i]) < 1e-5);
      }
    }
  }
}

TEST_CASE("bertscore from a server: what cannot be scored, and why") {
  LoopbackServer pooled(&embeddings_answer);
  const auto metric = make_metric("bertscore", "{server: {protocol: llama.cpp, base_url: '" +
                                                   pooled.url() + "'}, cache: none}");
  CHECK(measure(*metric, "a", {"b"}).why ==
        "the server gave one vector for the text, not one for each token");
  CHECK(metric_problems("bertscore", "{server: {base_url: 'http://127.0.0.1:1'}}")
            .find("`protocol`") != std::string::npos);
  CHECK(metric_problems("bertscore", "{server: {protocol: openai, base_url: 'http://127.0.0.1:1'}}")
            .find("expected one of: llama.cpp, tei, vllm") != std::string::npos);
  CHECK(metric_problems("bertscore",
                        "{server: {protocol: tei, base_url: 'http://127.0.0.1:1'}, idf: true}")
            .find("`tokenizer: FOLDER`") != std::string::npos);
  CHECK(metric_problems("bertscore",
                        "{server: {protocol: tei, base_url: 'http://127.0.0.1:1'}, num_layers: 3}")
            .find("`num_layers` beside `server`") != std::string::npos);
}
