#include "evaluators/encoder/encoder.h"

#include <doctest/doctest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>
#include <vector>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "evaluators/encoder/kernels.h"
#include "evaluators/encoder/tokenizer.h"
#include "evaluators/metrics/bertscore/matching.h"
#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

constexpr const char* kModels[] = {"bert-tiny",       "bert-cased-tiny", "roberta-tiny",
                                   "distilbert-tiny", "xlmr-tiny",       "deberta-v1-tiny",
                                   "deberta-v2-tiny", "deberta-v3-tiny"};

Value read_json(const fs::path& path) {
  const Result<Source> source = read_source(path);
  REQUIRE(source);
  Result<Value> json = parse_json(*source);
  REQUIRE(json);
  return *std::move(json);
}

std::unique_ptr<const Encoder> load(const fs::path& folder, MatrixPath path) {
  const Result<ModelConfig> config = read_model_config(folder);
  REQUIRE(config);
  Result<Weights> weights = Weights::open(folder);
  INFO(render(weights.problems()));
  REQUIRE(weights);
  auto encoder = Encoder::load(*config, std::make_shared<const Weights>(std::move(*weights)),
                               config->layers, path);
  INFO(render(encoder.problems()));
  REQUIRE(encoder);
  return *std::move(encoder);
}

// vectors[text][layer]: tokens x hidden
using Vectors = std::vector<std::vector<std::vector<float>>>;

Vectors encode(const Encoder& encoder, const std::vector<TokenIds>& texts) {
  const std::size_t hidden = encoder.config().hidden;
  Vectors vectors(texts.size(), std::vector<std::vector<float>>(encoder.layers() + 1));
  std::size_t last = 0;
  std::mutex mutex;
  encoder.encode(
      texts, {0, encoder.layers()},
      [&](std::size_t text, std::size_t layer, const float* from) {
        vectors[text][layer].assign(from, from + texts[text].size() * hidden);
      },
      [&](std::size_t done, std::size_t total) {
        const std::lock_guard lock(mutex);
        CHECK(done <= total);
        last = std::max(last, done);
      });
  CHECK(last == texts.size());
  return vectors;
}

double largest_difference(const Vectors& a, const Vectors& b) {
  double most = 0;
  for (std::size_t text = 0; text < a.size(); ++text)
    for (std::size_t layer = 0; layer < a[text].size(); ++layer)
      for (std::size_t i = 0; i < a[text][layer].size(); ++i)
        most = std::max(most, std::abs(static_cast<double>(a[text][layer][i]) -
                                       static_cast<double>(b[text][layer][i])));
  return most;
}

// Every kind of text of the reference, in the model's own tokens.
std::vector<TokenIds> sentences(const fs::path& root, const fs::path& folder) {
  const Result<ModelConfig> config = read_model_config(folder);
  const auto tokenizer = Tokenizer::open(folder, *config);
  REQUIRE(tokenizer);
  std::vector<TokenIds> texts;
  const Value json = read_json(root / "sentences.json");
  for (const Value& item : *json.list())
    texts.push_back((*tokenizer)->encode(*item.find("text")->string()));
  return texts;
}

}  // namespace

TEST_CASE("encoder: hidden states of every layer equal the reference's") {
  const auto root = llmops::test::shared("reference/bertscore");
  if (!root) return;
  for (const std::string model : kModels) {
    const Value expected = read_json(*root / "expected" / (model + ".hidden.json"));
    std::vector<TokenIds> texts;
    for (const Value& item : *expected.find("cases")->list()) {
      texts.emplace_back();
      for (const Value& id : *item.find("ids")->list())
        texts.back().push_back(static_cast<TokenId>(*id.integer()));
    }
    for (const MatrixPath path : {MatrixPath::portable, MatrixPath::float32, MatrixPath::split}) {
      if (!available(path)) continue;
      const auto encoder = load(*root / "models" / model, path);
      const std::size_t hidden = encoder->config().hidden;
      const Vectors vectors = encode(*encoder, texts);
      double most = 0;
      for (std::size_t text = 0; text < texts.size(); ++text) {
        const Value& item = (*expected.find("cases")->list())[text];
        const List& rows = *item.find("rows")->list();
        const List& layers = *item.find("layers")->list();
        REQUIRE(layers.size() == encoder->layers() + 1);
        for (std::size_t layer = 0; layer < layers.size(); ++layer)
          for (std::size_t k = 0; k < rows.size(); ++k)
            for (std::size_t d = 0; d < hidden; ++d) {
              const double wanted = (*(*layers[layer].list())[k].list())[d].number();
              const auto row = static_cast<std::size_t>(*rows[k].integer());
              most = std::max(
                  most,
                  std::abs(wanted - static_cast<double>(vectors[text][layer][row * hidden + d])));
            }
      }
      CAPTURE(model);
      CAPTURE(std::string(name(path)));
      CHECK(most < (path == MatrixPath::split ? 2e-4 : 1e-4));
    }
  }
}

TEST_CASE("encoder: one path, packing, order and number of threads like the other") {
  const auto root = llmops::test::shared("reference/bertscore");
  if (!root) return;
  for (const std::string model : {"roberta-tiny", "deberta-v1-tiny", "deberta-v2-tiny"}) {
    CAPTURE(model);
    const fs::path folder = *root / "models" / model;
    const std::vector<TokenIds> texts = sentences(*root, folder);
    const auto portable = load(folder, MatrixPath::portable);
    const Vectors wanted = encode(*portable, texts);
    for (const MatrixPath path : {MatrixPath::portable, MatrixPath::float32}) {
      if (!available(path)) continue;
      const auto encoder = load(folder, path);
      const Vectors packed = encode(*encoder, texts);
      CHECK(largest_difference(packed, wanted) < 3e-5);
      {
        const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
        CHECK(largest_difference(encode(*encoder, texts), packed) == 0.0);
      }
      std::vector<TokenIds> turned(texts.rbegin(), texts.rend());
      Vectors other = encode(*encoder, turned);
      std::reverse(other.begin(), other.end());
      CHECK(largest_difference(other, packed) < 1e-5);
      Vectors alone;
      for (const TokenIds& text : texts) alone.push_back(encode(*encoder, {text})[0]);
      CHECK(largest_difference(alone, packed) < 1e-5);
    }
  }
}

TEST_CASE("encoder: the scores of each exact path agree to 1e-5") {
  const auto root = llmops::test::shared("reference/bertscore");
  if (!root) return;
  for (const std::string model : {"bert-tiny", "roberta-tiny", "deberta-v3-tiny"}) {
    CAPTURE(model);
    const fs::path folder = *root / "models" / model;
    const std::vector<TokenIds> texts = sentences(*root, folder);
    // Of each text with the one behind it, at the last layer.
    const auto scores = [&](MatrixPath path) {
      const auto encoder = load(folder, path);
      const std::size_t hidden = encoder->config().hidden;
      Vectors vectors = encode(*encoder, texts);
      std::vector<double> made;
      for (std::size_t i = 0; i < texts.size(); ++i)
        kernels().unit_length(vectors[i].back().data(), texts[i].size(), hidden);
      for (std::size_t i = 0; i + 1 < texts.size(); ++i) {
        const std::vector<float> ones(texts[i].size(), 1.0F), others(texts[i + 1].size(), 1.0F);
        made.push_back(
            match({vectors[i].back(), ones}, {vectors[i + 1].back(), others}, hidden).f1);
      }
      return made;
    };
    const std::vector<double> wanted = scores(MatrixPath::portable);
    for (const MatrixPath path : {MatrixPath::float32, MatrixPath::split}) {
      if (!available(path)) continue;
      CAPTURE(std::string(name(path)));
      const std::vector<double> other = scores(path);
      double most = 0;
      for (std::size_t i = 0; i < wanted.size(); ++i)
        most = std::max(most, std::abs(other[i] - wanted[i]));
      CHECK(most < 1e-5);
    }
  }
}

TEST_CASE("encoder: bfloat16 stays near") {
  const auto root = llmops::test::shared("reference/bertscore/models/bert-tiny");
  if (!root || !available(MatrixPath::bf16)) return;
  const std::vector<TokenIds> texts = {
      {6, 593, 49, 647, 699, 1535, 603, 7}
  };
  const Vectors exact = encode(*load(*root, MatrixPath::float32), texts);
  const Vectors rounded = encode(*load(*root, MatrixPath::bf16), texts);
  CHECK(largest_difference(rounded, exact) > 0.0);
  CHECK(largest_difference(rounded, exact) < 0.1);
}

TEST_CASE("encoder: the further models run, and broken ones are refused with both shapes") {
  const auto root = llmops::test::shared("reference/bertscore/more-models");
  if (!root) return;
  for (const std::string model : kModels) {
    CAPTURE(model);
    const auto encoder = load(*root / model, MatrixPath::portable);
    const Vectors vectors = encode(*encoder, {
                                                 {1, 2, 3, 4, 5}
    });
    for (const std::vector<float>& layer : vectors[0])
      CHECK(std::ranges::all_of(layer, [](float x) { return std::isfinite(x); }));
  }
  Result<ModelConfig> config = read_model_config(*root / "bert-tiny");
  const Result<Weights> weights = Weights::open(*root / "bert-tiny");
  config->intermediate = 7;
  const Diagnostics found = Encoder::check(*config, *weights, 1);
  REQUIRE(found.size() == 3);
  CHECK(found[0].what ==
        "tensor `encoder.layer.0.intermediate.dense.weight` is [80, 32], config.json asks for [7, "
        "32]");
}

TEST_CASE("encoder: layers and lengths that it does not have") {
  const auto root = llmops::test::shared("reference/bertscore/models/bert-tiny");
  if (!root) return;
  const auto encoder = load(*root, MatrixPath::portable);
  const std::vector<TokenIds> one = {
      {1, 2, 3}
  };
  const std::vector<TokenIds> lengthy = {TokenIds(129, 1)};
  const Encoder::Sink nothing = [](std::size_t, std::size_t, const float*) {};
  CHECK_THROWS_AS(encoder->encode(one, {0, 5}, nothing), std::invalid_argument);
  CHECK_THROWS_AS(encoder->encode(lengthy, {0, 1}, nothing), std::invalid_argument);
  CHECK_NOTHROW(encoder->encode({}, {0, 4}, nothing));
}
