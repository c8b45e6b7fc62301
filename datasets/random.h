#pragma once
#include <bit>
#include <cstdint>

namespace llmops {

// xoshiro256** (Blackman & Vigna 2021), seeded through splitmix64: the same numbers on every
// machine.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  // Another stream of the same seed: `stream` enters the seed through splitmix64.
  Random(std::uint64_t seed, std::uint64_t stream);

  // In the header: resampling draws a billion of them.
  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  double uniform();  // [0, 1), 53 bits
  std::uint64_t below(
      std::uint64_t bound);  // [0, bound) by multiply-high with rejection; 0 for bound 0

 private:
  std::uint64_t state_[4];
};

// One splitmix64 step: advances `state`, returns the mixed word.
std::uint64_t splitmix64(std::uint64_t& state);

}  // namespace llmops
