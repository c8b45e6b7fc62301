#include <cstddef>
#include <cstdint>

#include "evaluators/encoder/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto tensors = llmops::read_safetensors(bytes, "fuzz");
  if (!tensors) return 0;
  for (const auto& [name, tensor] : *tensors)
    if (llmops::is_float(tensor.type) && !tensor.bytes.empty()) {
      float last = 0;
      llmops::read_floats(tensor, *llmops::elements(tensor.shape) - 1, 1, &last);
    }
  return 0;
}
