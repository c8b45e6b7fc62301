#pragma once
// Products of token rows with weights, through oneDNN or, where that is missing, loops of our own.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "evaluators/encoder/activation.h"
#include "evaluators/encoder/onednn.h"

namespace llmops {

enum class MatrixPath {
  portable,  // the loops of kernels.h, float32
  float32,   // oneDNN, float32
  split,     // oneDNN, float32 as two bfloat16 each: three products, within 3e-6 of float32 in the
             // scores
  bf16,      // oneDNN, bfloat16 into float32: scores move by about 1e-3
};
std::string_view name(MatrixPath path);

enum class Precision { float32, bf16 };

// The quickest path of this machine: for float32 the split where the processor has AMX, else plain
// float32, our own loops without oneDNN. Absent: bf16 is asked for and the processor has no such
// products.
std::optional<MatrixPath> best_path(Precision precision);
bool available(MatrixPath path);

// What one thread needs for products.
struct MatrixScratch {
  OneDnn::Scratch library;  // also the turned weights of the portable path
  std::vector<std::uint16_t> high, low;
};

// Buffers of products hold room for this many rows more than they have, up to the next multiple.
inline constexpr std::size_t kRowPadding = 4;
constexpr std::size_t padded_rows(std::size_t rows) {
  return (rows + kRowPadding - 1) / kRowPadding * kRowPadding;
}

// Weights and bias of a linear layer, in the order that its path wants.
class Matrix {
 public:
  virtual ~Matrix() = default;
  // y = activation(x * W^T + bias (+ y)): x is rows x inputs, y rows x outputs, both dense.
  // Thread-safe.
  virtual void multiply(const float* x, std::size_t rows, float* y, Activation activation, bool add,
                        MatrixScratch& scratch) const = 0;
};

// `weights`: outputs x inputs, dense, copied; `bias`: outputs numbers or nullptr, copied.
std::unique_ptr<Matrix> pack_matrix(MatrixPath path, const float* weights, const float* bias,
                                    std::size_t outputs, std::size_t inputs);

// Whether a path can use float32 weights where they lie in a mapped file.
bool works_in_place(MatrixPath path);
struct WeightPart {
  const void* rows = nullptr;  // outputs x inputs, float32 at any address, dense
  std::size_t outputs = 0;
};
// Weights that stay where they lie and must outlive the matrix; their outputs stand side by side.
// `bias`: all parts' numbers, copied. For a path that works in place.
std::unique_ptr<Matrix> place_matrix(MatrixPath path, std::span<const WeightPart> parts,
                                     const float* bias, std::size_t inputs);

}  // namespace llmops
