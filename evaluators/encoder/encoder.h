#pragma once
// A text encoder of the BERT families on the CPU, cut at a layer: token ids in, a vector for each
// token out. Equals transformers 4.42 in float32 to 1e-4.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/encoder/matrix.h"
#include "evaluators/encoder/model_config.h"
#include "evaluators/encoder/text_model.h"
#include "evaluators/encoder/weights.h"

namespace llmops {

// Hidden states that are wanted, both ends included; 0 is the output of the embeddings.
struct LayerRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

class Encoder {
 public:
  // Whether the weights hold everything that the first `layers` layers need, in the shapes that the
  // configuration names; reads no data.
  static Diagnostics check(const ModelConfig& config, const Weights& weights, std::size_t layers);

  // Takes the first `layers` layers: float32 weights are used where they lie in the file, others
  // are packed. Throws std::runtime_error where oneDNN fails. The weights stay open, also for the
  // table of word vectors, from which rows are read as they are needed.
  static Result<std::unique_ptr<const Encoder>> load(const ModelConfig& config,
                                                     std::shared_ptr<const Weights> weights,
                                                     std::size_t layers, MatrixPath path);
  ~Encoder();

  const ModelConfig& config() const;
  std::size_t layers() const;  // that are loaded

  // `vectors`: tokens x hidden, row-major, valid during the call.
  using Sink = std::function<void(std::size_t text, std::size_t layer, const float* vectors)>;
  // Texts that are done, of how many.
  using Progress = std::function<void(std::size_t done, std::size_t total)>;

  // Encodes each text once and hands every wanted layer to the sink, which is called from several
  // threads. Results are the same for any number of threads. Ids must have come from the model's
  // own tokenizer. Throws std::invalid_argument for a text that is longer than the position table.
  void encode(std::span<const TokenIds> texts, LayerRange layers, const Sink& sink,
              const Progress& progress = {}) const;

 private:
  struct State;
  explicit Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace llmops
