#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

enum class ElementType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

std::size_t size_of(ElementType type);    // bytes
std::string_view name(ElementType type);  // "F32"

using Shape = std::vector<std::uint64_t>;

// "[1024, 4096]"
std::string to_text(const Shape& shape);
// Product of the extents; absent where it does not fit 64 bits.
std::optional<std::uint64_t> elements(const Shape& shape);

// A named array inside a weights file: row-major, little-endian, not necessarily aligned.
struct Tensor {
  ElementType type = ElementType::f32;
  Shape shape;
  std::string_view bytes;  // owned by whoever read the file
};

// Whether the elements are floating-point numbers that widen to float32 without loss.
bool is_float(ElementType type);

// `count` elements from element `from` on, widened to float32 (F32, F16, BF16 only).
void read_floats(const Tensor& tensor, std::uint64_t from, std::size_t count, float* to);

// One half-precision number (IEEE 754 binary16) as float32, subnormals and infinities included.
float half_to_float(std::uint16_t bits);

}  // namespace llmops
