#pragma once
// The state dict of a pytorch_model.bin: the zip form (PyTorch 1.6 and later) and the older
// sequence of pickles. Nothing in the file is executed; a file that would call anything but the
// makers of tensors is refused. Source: PyTorch 1.13, torch/serialization.py.

#include <deque>
#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "evaluators/encoder/safetensors.h"

namespace llmops {

struct TorchFile {
  TensorMap tensors;
  std::deque<std::string> buffers;   // tensors that do not lie in the file as they are needed
  std::deque<std::string> unpacked;  // deflated storages
};

// `bytes` must outlive the tensors.
Result<TorchFile> read_torch_file(std::string_view bytes, const std::string& file);

}  // namespace llmops
