#pragma once
// Inner loops of the encoder, compiled for several instruction sets; the best that the processor
// has is taken at run time. Results agree between them to float32 rounding.

#include <cstddef>
#include <cstdint>

#include "evaluators/encoder/activation.h"

namespace llmops {

// Widths of matrices that `multiply` writes are padded to this many floats.
inline constexpr std::size_t kPadding = 16;
constexpr std::size_t padded(std::size_t width) {
  return (width + kPadding - 1) / kPadding * kPadding;
}

// Weights of a linear layer as they lie in a model file: outputs x inputs, float32 at any address,
// dense; `bias` is nullptr where there is none.
struct WeightRows {
  const void* rows = nullptr;
  const float* bias = nullptr;
  std::size_t outputs = 0;
  std::size_t inputs = 0;
};
// The piece of weights that is turned at a time: 256 kB, for the second cache.
inline constexpr std::size_t kTurnedOutputs = 256, kTurnedInputs = 256;

struct Kernels {
  const char* name;  // "avx512", "avx2", "baseline"

  // c[m x n] = a[m x k] * b[k x n], row-major with row strides lda, ldb, ldc. n is a multiple of
  // kPadding: rows of b and c are at least that wide. Any alignment.
  void (*multiply)(const float* a, std::size_t lda, const float* b, std::size_t ldb, float* c,
                   std::size_t ldc, std::size_t m, std::size_t n, std::size_t k);
  // y = activation(x * weights^T + bias (+ y)): x is rows x inputs, dense; rows of y are `ldy`
  // apart. `turned`: room for kTurnedOutputs * kTurnedInputs numbers. A row's results do not depend
  // on the other rows.
  void (*multiply_weights)(const float* x, std::size_t rows, const WeightRows& weights, float* y,
                           std::size_t ldy, Activation activation, bool add, float* turned);
  // Softmax of the first n numbers, in place; the rest up to padded(n) becomes 0.
  void (*softmax)(float* row, std::size_t n);
  // Each row: (x - mean) / sqrt(variance + epsilon) * gain + bias, in place.
  void (*normalise)(float* x, std::size_t rows, std::size_t width, const float* gain,
                    const float* bias, float epsilon);
  // x = activation(x), in place. gelu through an approximation of erf within 1.5e-7.
  void (*activate)(float* x, std::size_t count, Activation activation);
  // Each row scaled to Euclidean length 1 (a row of zeros stays).
  void (*unit_length)(float* x, std::size_t rows, std::size_t width);
  // Nearest bfloat16, ties to even.
  void (*to_bf16)(const float* x, std::uint16_t* to, std::size_t count);
  // x = high + low + rest, rest below 2^-16 of x.
  void (*split_bf16)(const float* x, std::uint16_t* high, std::uint16_t* low, std::size_t count);
};

const Kernels& kernels();
// All that this processor can run, for tests. The last is the baseline.
struct KernelList {
  const Kernels* items[3] = {};
  std::size_t count = 0;
};
KernelList all_kernels();

}  // namespace llmops
