// A byte 'P' in front: the rest is a pickle; else a whole pytorch_model.bin.
#include <cstddef>
#include <cstdint>

#include "evaluators/encoder/pickle.h"
#include "evaluators/encoder/torch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("P\x80")) {
    (void)llmops::read_pickle(bytes.substr(1), "fuzz");
    return 0;
  }
  const auto file = llmops::read_torch_file(bytes, "fuzz");
  if (!file) return 0;
  for (const auto& [name, tensor] : file->tensors)
    if (llmops::is_float(tensor.type) && !tensor.bytes.empty()) {
      float last = 0;
      llmops::read_floats(tensor, *llmops::elements(tensor.shape) - 1, 1, &last);
    }
  return 0;
}
