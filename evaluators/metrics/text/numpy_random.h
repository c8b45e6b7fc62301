#pragma once
// The random numbers of numpy, for figures that have to equal those of programs built on it.

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace llmops {

// `numpy.random.default_rng(seed)`: PCG64 (XSL-RR 128/64) seeded through SeedSequence.
class NumpyGenerator {
 public:
  explicit NumpyGenerator(std::uint64_t seed);
  // A seed of any size as 32-bit words, the lowest first.
  explicit NumpyGenerator(std::span<const std::uint32_t> seed);

  std::uint64_t next64();
  std::uint32_t next32();  // low half of a 64-bit number, then its high half
  double uniform();        // [0, 1), 53 bits

  // `choice(bound, size=count)`: numbers in [0, bound); bound from 1 to 2^32.
  std::vector<std::uint32_t> choice(std::uint64_t bound, std::size_t count);
  // `integers(0, 2, size=count, dtype=bool)`: 32 of them from a 32-bit number, the lowest bit
  // first; bits past `count` are 0.
  std::vector<std::uint32_t> booleans(std::size_t count);

 private:
  void seed(std::span<const std::uint32_t> entropy);
  std::uint64_t state_high_ = 0, state_low_ = 0, increment_high_ = 0, increment_low_ = 0;
  bool half_ = false;
  std::uint32_t kept_ = 0;
};

// `numpy.random.seed(seed)` and what follows it: the Mersenne Twister.
class NumpyLegacyRandom {
 public:
  explicit NumpyLegacyRandom(std::uint32_t seed) : twister_(seed) {}
  std::uint32_t next32() { return static_cast<std::uint32_t>(twister_()); }
  // `choice(arange(bound), size=count)`; bound from 1 to 2^32.
  std::vector<std::uint32_t> choice(std::uint64_t bound, std::size_t count);

 private:
  std::mt19937 twister_;
};

}  // namespace llmops
