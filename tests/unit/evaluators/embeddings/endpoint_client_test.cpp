#include "evaluators/embeddings/endpoint_client.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "datasets/text/yaml.h"
#include "tests/support/embeddings_server.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

struct Made {
  std::unique_ptr<EndpointClient> client;
  std::string problems;
};

Made make(const std::string& yaml, const std::optional<VectorCacheOptions>& cache = {},
          std::string_view protocol = "openai") {
  const Source source("suite.yaml", yaml);
  const Result<Value> mapping = parse_yaml(source);
  REQUIRE(mapping);
  Diagnostics problems;
  Made made;
  made.client = EndpointClient::make(*find_embeddings_protocol(protocol), *mapping, source, ".",
                                     cache, problems);
  made.problems = render(problems);
  return made;
}

std::string keys(const LoopbackServer& server, const std::string& more = "") {
  return "{base_url: '" + server.url() + "/v1', name: toy, retries: {base: 1ms, cap: 4ms}" + more +
         "}";
}

std::vector<std::string> many(std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back("text " + std::to_string(i));
  return texts;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

fs::path fresh_folder(const char* name) {
  fs::path folder = fs::temp_directory_path() / name;
  fs::remove_all(folder);
  return folder;
}

}  // namespace

TEST_CASE("embeddings endpoint: many texts a request, each text once, in order") {
  LoopbackServer server(&embeddings_answer);
  const Made made = make(keys(server, ", price: {input: 2, output: 0}"));
  REQUIRE(made.client != nullptr);
  std::vector<std::string> texts = many(130);
  texts.push_back(texts[3]);
  const auto found = made.client->vectors(views(texts));
  REQUIRE(found.size() == 131);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i]->rows == 1);
    CHECK(found[i]->values[0] == static_cast<float>(texts[i].size()));
  }
  CHECK(server.requests() == 3);  // 64 + 64 + 2
  const SideUse use = made.client->use();
  CHECK(use.made == 3);
  CHECK(use.input_tokens == 130);
  CHECK(use.cost_usd == doctest::Approx(130 * 2e-6));
  made.client->vectors(views(texts));  // remembered
  CHECK(server.requests() == 3);
}

TEST_CASE("embeddings endpoint: 429 and 500 are asked again, a request per fault") {
  LoopbackServer server([](const Received& request) {
    if (request.number == 0) return answer(429, "{}", {"retry-after-ms: 1"});
    if (request.number == 1) return answer(500, "oops");
    return embeddings_answer(request);
  });
  const Made made = make(keys(server));
  const auto found = made.client->vectors(std::vector<std::string_view>{"one"});
  CHECK(found[0]->rows == 1);
  CHECK(made.client->use().retried == 2);
}

TEST_CASE("embeddings endpoint: a text that is refused costs no other") {
  LoopbackServer server([](const Received& request) {
    for (const std::string& text : embedded_texts(request))
      if (text == "bad") return answer(400, R"({"error":{"message":"input is too long"}})");
    return embeddings_answer(request);
  });
  const Made made = make(keys(server));
  const auto found =
      made.client->vectors(std::vector<std::string_view>{"a", "b", "bad", "c", "d", "e", "f"});
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK((found[i]->rows == 1) == (i != 2));
  }
  CHECK(found[2]->why.find("input is too long") != std::string::npos);
}

TEST_CASE("embeddings endpoint: what is kept on disk is not asked again, but for another model") {
  LoopbackServer server(&embeddings_answer);
  const VectorCacheOptions cache{.folder = fresh_folder("llmops_embeddings_cache")};
  const std::vector<std::string_view> texts{"one", "two three"};
  make(keys(server), cache).client->vectors(texts);
  CHECK(server.requests() == 1);
  const Made again = make(keys(server), cache);
  const auto found = again.client->vectors(texts);
  CHECK(server.requests() == 1);
  CHECK(found[1]->values == std::vector<float>{9, 3, 1});
  CHECK(again.client->use().cached == 2);
  make(keys(server, ", parameters: {dimensions: 2}"), cache).client->vectors(texts);
  CHECK(server.requests() == 2);
  const Made fresh = make(keys(server), cache);
  fresh.client->attach({.interrupts = nullptr, .read_cache = false, .write_cache = false});
  fresh.client->vectors(texts);
  CHECK(server.requests() == 3);
  fs::remove_all(cache.folder);
}

TEST_CASE("embeddings endpoint: the key comes from the environment and is never repeated") {
  ::setenv("LLMOPS_TEST_EMBEDDINGS_KEY", "sk-very-secret-key", 1);
  std::string seen;
  LoopbackServer server([&](const Received& request) {
    seen = request.header("authorization");
    return answer(401, R"({"error":{"message":"Incorrect API key: sk-very-secret-key"}})");
  });
  const Made made = make(keys(server, ", api_key_env: LLMOPS_TEST_EMBEDDINGS_KEY"));
  const auto found = made.client->vectors(std::vector<std::string_view>{"one"});
  CHECK(seen == "Bearer sk-very-secret-key");
  CHECK(found[0]->why.find("auth") != std::string::npos);
  CHECK(found[0]->why.find("secret") == std::string::npos);
  CHECK(made.client->shown().find("secret") == std::string::npos);
  ::unsetenv("LLMOPS_TEST_EMBEDDINGS_KEY");
  CHECK(make(keys(server, ", api_key_env: LLMOPS_TEST_EMBEDDINGS_KEY"))
            .problems.find("`LLMOPS_TEST_EMBEDDINGS_KEY` is not set") != std::string::npos);
}

TEST_CASE("embeddings endpoint: asked by many threads at once") {
  LoopbackServer server(&embeddings_answer);
  const Made made = make(keys(server));
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const std::string text(static_cast<std::size_t>(t * 10 + i + 1), 'x');
        const auto found = made.client->vectors(std::vector<std::string_view>{text});
        if (found[0]->rows == 1 && found[0]->values[0] == static_cast<float>(text.size())) ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 40);
}

TEST_CASE("embeddings endpoint: an interrupt ends the waiting") {
  const std::atomic<int> interrupts{2};
  LoopbackServer server([](const Received&) -> Reply { return nullptr; });
  const Made made = make(keys(server));
  made.client->attach({.interrupts = &interrupts});
  const auto found = made.client->vectors(std::vector<std::string_view>{"one"});
  CHECK(found[0]->rows == 0);
  CHECK(!found[0]->why.empty());
}

TEST_CASE("embeddings endpoint: bad keys have their place") {
  CHECK(make("{base_url: 'ftp://x', name: toy}").problems.find("suite.yaml:1") !=
        std::string::npos);
  CHECK(make("{base_url: 'http://127.0.0.1:1/v1'}").problems.find("`name`") != std::string::npos);
  CHECK(make("{base_url: 'http://127.0.0.1:1/v1', name: x, tmeout: {}}")
            .problems.find("did you mean `timeout`") != std::string::npos);
}
