#pragma once
// Texts to vectors for whoever scores with them: from an embeddings endpoint, or from a model
// folder that runs here. One vector a text.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/fields.h"
#include "evaluators/side_calls.h"
#include "evaluators/side_use.h"

namespace llmops {

// A vector, or why there is none.
struct Embedding {
  std::shared_ptr<const std::vector<float>> values;  // not scaled; all of one embedder as long
  std::string why;                                   // where `values` is empty
};

class Embedder {
 public:
  virtual ~Embedder() = default;
  // What a number depends on: "text-embedding-3-small", "e5-small(weights=1a2b3c4d)_mean".
  virtual std::string signature() const = 0;
  // In order; equal texts are embedded once. Blocks; thread-safe. A text that cannot be embedded
  // costs no other.
  virtual std::vector<Embedding> embed(std::span<const std::string_view> texts) const = 0;
  // Before the first text.
  virtual void attach(const SideContext& context) = 0;
  virtual SideUse use() const = 0;
};

// Keys that `read_embedder` reads.
inline constexpr std::string_view kEmbedderOptions[] = {
    "model", "base_url", "api_key_env", "pooling", "num_layers", "precision", "prefix", "cache"};

// `model` is the path or hub name of a model folder; with `base_url` the name that an endpoint
// knows; or a mapping with the keys of a suite's `model:` for an endpoint (base_url, name,
// api_key_env, limits, retries, timeout, price, ...). nullptr only where problems were noted.
std::unique_ptr<Embedder> read_embedder(Fields& fields);

// 1 for two equal directions, 0 where one vector is zero.
double cosine(std::span<const float> a, std::span<const float> b);
double dot(std::span<const float> a, std::span<const float> b);
double euclidean(std::span<const float> a, std::span<const float> b);

}  // namespace llmops
