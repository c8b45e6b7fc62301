#pragma once
// config.json of a model folder. Keys that are absent mean what they mean to transformers 4.42.

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "datasets/text/result.h"
#include "evaluators/encoder/activation.h"

namespace llmops {

enum class Family { bert, roberta, distilbert, xlm_roberta, deberta, deberta_v2 };

struct ModelConfig {
  Family family = Family::bert;
  std::size_t hidden = 0;  // width of a token's vector
  std::size_t layers = 0;
  std::size_t heads = 0;
  std::size_t intermediate = 0;
  std::size_t vocabulary = 0;
  std::size_t positions = 0;    // rows of the position table; 0: the model has none
  std::size_t token_types = 0;  // 0: none
  float epsilon = 1e-12F;       // of every LayerNorm
  Activation activation = Activation::gelu;
  std::int64_t pad_id = 0;

  // DeBERTa only.
  bool relative = false;  // relative attention at all
  bool content_to_position = false;
  bool position_to_content = false;
  std::size_t max_relative = 0;  // distances beyond it share a bucket or are clamped
  std::size_t buckets = 0;       // 0: one row for each distance
  bool shared_keys = false;      // positions go through the content's projections
  bool normalised_positions = false;
  std::size_t convolution = 0;  // kernel width; 0: none
  Activation convolution_activation = Activation::tanh;

  std::size_t head_width() const { return hidden / heads; }
  // Half the rows of the relative table.
  std::size_t span() const { return buckets > 0 ? buckets : max_relative; }
  // First position of a text in the position table.
  std::size_t first_position() const;
  // Longest text in tokens that the position table allows; 0: any.
  std::size_t longest_text() const;
};

Result<ModelConfig> read_model_config(const std::filesystem::path& folder);

}  // namespace llmops
