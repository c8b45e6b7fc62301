#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "evaluators/encoder/model_config.h"

namespace llmops {

// Row of the relative table for each distance i - j of a text of `length` tokens, from -(length -
// 1) to length - 1 (DeBERTa; logarithmic buckets where the model has some; float32 as the
// reference).
std::vector<std::uint32_t> relative_rows(const ModelConfig& config, std::size_t length);

}  // namespace llmops
