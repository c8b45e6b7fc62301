#pragma once
// A vector for each token of a text, from a server that gives them: text-embeddings-inference,
// llama.cpp, vLLM. All give the last layer of what they serve.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/fields.h"
#include "evaluators/side_calls.h"
#include "evaluators/side_use.h"

namespace llmops {

// Special tokens included, each vector scaled to length 1; or why there are none.
struct TokenEmbeddings {
  std::size_t tokens = 0;
  std::shared_ptr<const std::vector<float>> values;  // tokens x width
  std::string why;

  std::size_t width() const { return tokens == 0 ? 0 : values->size() / tokens; }
};

class TokenEmbedder {
 public:
  virtual ~TokenEmbedder() = default;
  virtual std::string signature() const = 0;
  // In order; blocks; thread-safe.
  virtual std::vector<TokenEmbeddings> embed(std::span<const std::string_view> texts) const = 0;
  virtual void attach(const SideContext& context) = 0;
  virtual SideUse use() const = 0;
};

// `server`: a mapping with `protocol` (tei, llama.cpp, vllm) and the keys of a suite's `model:` for
// an endpoint (base_url, name, api_key_env, limits, ...). nullptr only where problems were noted.
std::unique_ptr<TokenEmbedder> read_token_embedder(Fields& fields);

}  // namespace llmops
