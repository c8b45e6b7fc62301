#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace llmops::stats {

// A whole number below 2^256: counts of sign patterns are exact up to 255 cases.
struct Count256 {
  std::array<std::uint64_t, 4> words{};  // the lowest first
  Count256& operator+=(const Count256& other);
  std::string decimal() const;
};

}  // namespace llmops::stats
