#pragma once
// The safetensors format: 8 bytes header length (little-endian), a JSON header, the data.
// Source: huggingface/safetensors, README "Format".

#include <map>
#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "evaluators/encoder/tensor.h"

namespace llmops {

using TensorMap = std::map<std::string, Tensor, std::less<>>;

// The tensors of a file's bytes, which must outlive them. `file` names it in messages. Every
// offset, extent and product is checked; all problems of the header are told (at most 20).
Result<TensorMap> read_safetensors(std::string_view bytes, const std::string& file);

}  // namespace llmops
