#pragma once
// A model folder as one thing: tokenizer, encoder and what was encoded before. Everything is
// checked when it is opened; weights are packed when the first text is encoded.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/encoder/encoder.h"
#include "evaluators/encoder/tokenizer.h"
#include "evaluators/encoder/vector_cache.h"

namespace llmops {

struct TextEncoderOptions {
  std::filesystem::path folder;
  std::optional<std::size_t> layers;  // the encoder is cut behind this one; absent: none is cut off
  Precision precision = Precision::float32;
  std::optional<MatrixPath> path;  // instead of the quickest one
  TokenizerOptions tokenizer;
  std::optional<VectorCacheOptions> cache;
};

// One vector of a text out of those of its tokens, special ones too.
enum class Pooling { mean, cls };

class TextEncoder {
 public:
  // Problems: files that are missing or do not fit together, a layer that the model does not have,
  // a precision that the processor does not have.
  static Result<std::unique_ptr<TextEncoder>> open(const TextEncoderOptions& options);
  ~TextEncoder();

  const ModelConfig& config() const;
  const Tokenizer& tokenizer() const;
  std::size_t layers() const;  // that are run
  MatrixPath path() const;
  // Eight hexadecimal digits that stand for configuration, tokenizer files and the heads of the
  // weights.
  const std::string& short_fingerprint() const;

  // Vectors of one text at one layer, scaled to length 1: tokens x hidden.
  using Vectors = std::shared_ptr<const std::vector<float>>;
  struct Text {
    const TokenIds* ids = nullptr;
    bool keep = false;  // on disk, for later runs: references, which do not change
  };
  // At the last layer that is run; each is encoded once, even where it stands twice, and recent
  // ones of earlier calls are remembered within a bound. Thread-safe.
  std::vector<Vectors> vectors(std::span<const Text> texts,
                               const Encoder::Progress& progress = {}) const;
  // At every layer 0..layers(): result[text][layer]. Nothing is remembered.
  std::vector<std::vector<Vectors>> all_layers(std::span<const Text> texts) const;

  // One vector of `hidden` numbers for each text, from the last layer that is run, not scaled.
  // Memory and cache as for `vectors`.
  std::vector<Vectors> pooled(std::span<const Text> texts, Pooling pooling) const;

  // Packs the weights now. Throws std::runtime_error where that fails.
  const Encoder& encoder() const;

 private:
  struct State;
  explicit TextEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace llmops
