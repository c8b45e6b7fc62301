#pragma once
// Vectors of texts from a server, many texts a request, each paid for once: what an endpoint has
// said is kept by the hash of endpoint, model, parameters and text.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "datasets/text/source.h"
#include "evaluators/embeddings/protocols.h"
#include "evaluators/embeddings/vectors.h"
#include "evaluators/encoder/vector_cache.h"
#include "evaluators/runner/side_model.h"

namespace llmops {

class EndpointClient {
 public:
  // `model`: the keys of a suite's `model:`, without provider. nullptr only where problems were
  // noted. `cache`: absent, nothing is kept on disk.
  static std::unique_ptr<EndpointClient> make(const EmbeddingsProtocol& protocol,
                                              const Value& model, const Source& source,
                                              const std::filesystem::path& folder,
                                              const std::optional<VectorCacheOptions>& cache,
                                              Diagnostics& problems);

  using Vectors = std::shared_ptr<const TextVectors>;
  // In order, never nullptr; a text without vectors says why. Blocks; thread-safe. Where a server
  // refuses a request with several texts it is asked again with fewer, so that one text that is too
  // long costs no other.
  std::vector<Vectors> vectors(std::span<const std::string_view> texts);

  const ModelSpec& spec() const { return model_->spec(); }
  // Model and parameters as signatures show them.
  std::string shown() const;
  void attach(const SideContext& context);
  SideUse use() const;

 private:
  struct Missing;
  EndpointClient(const EmbeddingsProtocol& protocol, std::unique_ptr<SideModel> model,
                 const std::optional<VectorCacheOptions>& cache);
  std::string key_of(std::string_view text) const;
  Vectors find(const std::string& key);
  void keep(const std::string& key, const Vectors& vectors);
  void remember(const std::string& key, const Vectors& vectors);
  void ask(std::vector<Missing>& missing);

  const EmbeddingsProtocol& protocol_;
  std::unique_ptr<SideModel> model_;
  std::optional<VectorCache> cache_;
  SideContext context_;
  std::string identity_;
  mutable std::mutex mutex_;  // of what follows
  std::unordered_map<std::string, Vectors> recent_;
  std::size_t recent_bytes_ = 0;
  std::int64_t cached_ = 0;
  std::size_t width_ = 0;  // of every vector so far
};

}  // namespace llmops
