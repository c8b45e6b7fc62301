#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/embeddings_server.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::string at_server(const LoopbackServer& server, const std::string& more = "") {
  return "{base_url: '" + server.url() + "/v1', model: toy, cache: none" + more + "}";
}

}  // namespace

TEST_CASE("embedding_similarity: from an endpoint") {
  LoopbackServer server(&embeddings_answer);
  // "ab" -> 2 1 0, "a b" -> 3 1 1
  struct Row {
    const char* why;
    const char* options;
    const char* hypothesis;
    std::vector<std::string> references;
    double value;
  };
  const Row rows[] = {
      {"the same text",                   "",                     "ab", {"ab"},        1.0                        },
      {"cosine",                          "",                     "ab", {"a b"},       7.0 / std::sqrt(5.0 * 11.0)},
      {"the best reference counts",       "",                     "ab", {"a b", "ab"}, 1.0                        },
      {"dot",                             ", measure: dot",       "ab", {"a b"},       7.0                        },
      {"euclidean",                       ", measure: euclidean", "ab", {"a b"},       std::sqrt(2.0)             },
      {"the nearest counts",              ", measure: euclidean", "ab", {"a b", "ab"}, 0.0                        },
      {"a prefix goes before both",       ", prefix: 'a '",       "b",  {"b"},         1.0                        },
      {"an empty output is like nothing", "",                     " ",  {"ab"},        0.0                        },
      {"two empty texts are alike",       "",                     "",   {" "},         1.0                        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto metric = make_metric("embedding_similarity", at_server(server, row.options));
    CHECK(score_one(*metric, row.hypothesis, row.references) == doctest::Approx(row.value));
  }
  CHECK(make_metric("embedding_similarity", at_server(server))->signature() ==
        "embedding_similarity|measure:cosine|model:toy|version:1");
}

TEST_CASE("embedding_similarity: an endpoint that fails leaves the sample unscored") {
  LoopbackServer server([](const Received&) { return answer(404, "{}"); });
  const auto metric = make_metric("embedding_similarity", at_server(server));
  const Measurement measured = measure(*metric, "ab", {"cd"});
  CHECK(!measured.values[0]);
  CHECK(measured.why.find("HTTP 404") != std::string::npos);
}

TEST_CASE("embedding_similarity: options that do not fit") {
  CHECK(metric_problems("embedding_similarity", "{}").find("`model`") != std::string::npos);
  CHECK(metric_problems("embedding_similarity",
                        "{base_url: 'http://127.0.0.1:1/v1', model: x, pooling: cls}")
            .find("an endpoint decides this by itself") != std::string::npos);
  CHECK(metric_problems("embedding_similarity", "{model: not/there}")
            .find("llmops models pull not/there") != std::string::npos);
}

TEST_CASE("embedding_similarity: from a model folder") {
  const auto folder = shared("reference/bertscore/models/bert-tiny");
  if (!folder) return;
  for (const char* pooling : {"mean", "cls"}) {
    CAPTURE(pooling);
    const auto metric =
        make_metric("embedding_similarity",
                    "{model: '" + folder->string() + "', cache: none, pooling: " + pooling + "}");
    CHECK(score_one(*metric, "the cat sat", {"the cat sat"}) == doctest::Approx(1.0));
    const double other = score_one(*metric, "the cat sat", {"stock markets fell sharply"});
    CHECK(other < 1.0 - 1e-6);
    CHECK(other >= -1.0);
  }
}
