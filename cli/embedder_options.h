#pragma once
// Options of commands that turn texts into vectors.

#include <memory>
#include <string>

#include "datasets/text/result.h"
#include "evaluators/embeddings/embedder.h"

namespace CLI {
class App;
}

namespace llmops {

struct EmbedderOptions {
  std::string model, base_url, api_key_env, pooling, prefix;
  bool given() const { return !model.empty(); }
};

// --model, --base-url, --api-key-env, --pooling, --prefix, as `embedding_similarity` has them.
void declare_embedder_options(CLI::App& app, EmbedderOptions& options);

Result<std::unique_ptr<Embedder>> make_embedder(const EmbedderOptions& options);

}  // namespace llmops
