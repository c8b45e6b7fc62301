#pragma once
// oneDNN 2 through its C interface, loaded when it is first needed: linked, it would cost every
// start of the program 2 ms. One thread a call: the threads are ours.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "evaluators/encoder/activation.h"

namespace llmops {

class OneDnn {
 public:
  // The library of this machine (libdnnl.so.2), nullptr where it is not installed.
  static const OneDnn* get();

  enum class Isa { other, avx512, avx512_bf16, amx };
  Isa isa() const;

  // C[rows x outputs] = activation(A * B + bias (+ C)): a product with weights packed in the
  // library's own order.
  struct Shape {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    bool bf16 = false;      // A and B; else float32
    bool bf16_out = false;  // C
    bool bias = false;
    std::size_t stride = 0;  // from one row of C to the next; 0: outputs
    bool operator==(const Shape&) const = default;
  };

  // Weights packed for a shape, with room for the library's padding.
  class Packed {
   public:
    virtual ~Packed() = default;
    virtual std::size_t bytes() const = 0;
  };
  // `weights` is outputs x inputs, float32, or bfloat16 where the shape says so; `bias` float32 or
  // nullptr.
  std::unique_ptr<Packed> pack(const Shape& shape, const void* weights, const float* bias) const;

  // Float32 weights (outputs x inputs) that stay where they lie and are packed a piece at a time
  // within each product: slower by a twentieth for many rows, but nothing is copied. They and
  // `bias` must outlive the result.
  std::unique_ptr<Packed> borrow(const Shape& shape, const void* weights, const float* bias) const;

  // Memory of one thread: the library's scratchpad.
  class Scratch {
   public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    float* at_least(std::size_t bytes);

   private:
    void* data_ = nullptr;
    std::size_t size_ = 0;
  };
  // Thread-safe; `scratch` is the calling thread's.
  void multiply(const Packed& packed, const void* a, std::size_t rows, void* c,
                Activation activation, bool add, Scratch& scratch) const;

 private:
  OneDnn();
  ~OneDnn();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace llmops
