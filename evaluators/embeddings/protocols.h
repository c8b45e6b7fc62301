#pragma once
// Routes that turn texts into vectors. A request carries its texts as messages; the sample's text
// is `pack` of their vectors.

#include <span>
#include <string_view>

#include "evaluators/providers/provider.h"

namespace llmops {

struct EmbeddingsProtocol {
  ProviderInfo info;
  bool tokens = false;              // a vector for each token, not one for each text
  std::size_t most_texts = 64;      // of one request
  std::size_t most_characters = 0;  // of one request with several texts
};

// openai (/v1/embeddings), tei (/embed_all), llama.cpp (/embeddings), vllm (/pooling).
std::span<const EmbeddingsProtocol* const> embeddings_protocols();
const EmbeddingsProtocol* find_embeddings_protocol(std::string_view name);

}  // namespace llmops
