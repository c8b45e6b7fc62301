#pragma once
// Attention of every text of a block, head by head.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evaluators/encoder/model_config.h"
#include "evaluators/encoder/packing.h"

namespace llmops {

// The relative terms of a DeBERTa layer: the position table through the layer's projections, each
// head's part transposed: width of a head x row of the table, rows `stride` apart. Empty: no such
// term.
struct RelativeTables {
  std::vector<float> keys;
  std::vector<float> queries;  // already divided by the scale of the scores
  std::size_t stride = 0;
};

struct AttentionScratch {
  std::vector<float> query, key, value, scores, context, to_position, from_position;
};

// Rows of `projected` hold query, key and value side by side (3 * hidden); rows of `context`
// (hidden) receive the result. `relative` is nullptr where the model has none.
void attend(const ModelConfig& config, const Block& block, const float* projected,
            const RelativeTables* relative, float* context, AttentionScratch& scratch);

}  // namespace llmops
