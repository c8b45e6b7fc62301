#pragma once
// Which tensors the families' encoders are made of, under one set of names.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "evaluators/encoder/attention.h"
#include "evaluators/encoder/matrix.h"
#include "evaluators/encoder/model_config.h"
#include "evaluators/encoder/weights.h"

namespace llmops {

struct LayerNorm {
  std::vector<float> gain, bias;
};

struct EncoderLayer {
  std::unique_ptr<Matrix> projection;  // query, key and value side by side
  std::unique_ptr<Matrix> attention_output;
  LayerNorm attention_norm;
  std::unique_ptr<Matrix> inner;
  std::unique_ptr<Matrix> output;
  LayerNorm output_norm;
  RelativeTables relative;
};

struct Convolution {
  std::unique_ptr<Matrix> kernel;  // hidden x (width * hidden): the rows of a window side by side
  LayerNorm norm;
};

// Everything but the table of word vectors and the layers.
struct EncoderFrame {
  const Tensor* words = nullptr;
  std::vector<float> positions;   // table, the row of token type 0 added; empty: none
  std::vector<float> token_type;  // row of type 0 where there are no positions; empty: none
  LayerNorm norm;
  std::vector<float> relative;  // table of relative positions, normalised where the model says so
  Convolution convolution;
};

Diagnostics check_weights(const ModelConfig& config, const Weights& weights, std::size_t layers);

// After check_weights found nothing. Read floats are let go of in the file's memory.
EncoderFrame read_frame(const ModelConfig& config, const Weights& weights, MatrixPath path,
                        std::size_t layers);
EncoderLayer read_layer(const ModelConfig& config, const Weights& weights, std::size_t layer,
                        MatrixPath path, const EncoderFrame& frame);

}  // namespace llmops
