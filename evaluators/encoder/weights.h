#pragma once
// The weights of a model folder, as a hub lays them out: one file or shards with an index, in
// safetensors or as pytorch_model.bin.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/encoder/mapped_file.h"
#include "evaluators/encoder/safetensors.h"

namespace llmops {

class Weights {
 public:
  // Reads headers only; data comes in when it is touched. Prefers safetensors, as the hub's own
  // library does.
  static Result<Weights> open(const std::filesystem::path& folder);
  Weights(Weights&&) noexcept;
  Weights& operator=(Weights&&) noexcept;
  ~Weights();

  // By its name without the family's prefix ("encoder.layer.0...", whether the file says
  // "bert.encoder..." or not); the old names gamma and beta of a LayerNorm count too. nullptr: not
  // there.
  const Tensor* find(std::string_view name) const;
  // The tensor, where it is there, holds floats and has this shape; else a problem is noted that
  // names it and both shapes, and the result is nullptr.
  const Tensor* get(std::string_view name, const Shape& shape, Diagnostics& problems) const;

  // Lets go of a tensor's pages once it was copied.
  void forget(const Tensor& tensor) const;
  // Starts reading a tensor that will be used where it lies.
  void expect(const Tensor& tensor) const;

  // The files that hold the tensors.
  const std::vector<std::filesystem::path>& files() const { return files_; }

 private:
  struct State;
  explicit Weights(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  std::vector<std::filesystem::path> files_;
};

}  // namespace llmops
