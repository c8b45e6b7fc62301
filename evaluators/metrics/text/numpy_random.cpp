// SeedSequence and PCG64 after their papers (O'Neill 2014, 2015); constants are those of
// numpy 1.24.
#include "evaluators/metrics/text/numpy_random.h"

#include <array>
#include <bit>

namespace llmops {
namespace {

__extension__ typedef unsigned __int128 Wide;

Wide wide(std::uint64_t high, std::uint64_t low) { return static_cast<Wide>(high) << 64 | low; }
std::uint64_t high(Wide value) { return static_cast<std::uint64_t>(value >> 64); }
std::uint64_t low(Wide value) { return static_cast<std::uint64_t>(value); }

constexpr std::size_t kPool = 4;

std::uint32_t folded(std::uint32_t value) { return value ^ value >> 16; }

class HashMix {
 public:
  HashMix(std::uint32_t start, std::uint32_t factor) : constant_(start), factor_(factor) {}
  std::uint32_t operator()(std::uint32_t value) {
    value ^= constant_;
    constant_ *= factor_;
    return folded(value * constant_);
  }

 private:
  std::uint32_t constant_, factor_;
};

std::uint32_t mixed(std::uint32_t x, std::uint32_t y) {
  return folded(0xCA01F9DDU * x - 0x4973F715U * y);
}

std::array<std::uint32_t, kPool> pool_of(std::span<const std::uint32_t> entropy) {
  std::array<std::uint32_t, kPool> pool{};
  HashMix hash(0x43B0D7E5U, 0x931E8875U);
  for (std::size_t i = 0; i < kPool; ++i) pool[i] = hash(i < entropy.size() ? entropy[i] : 0);
  for (std::size_t from = 0; from < kPool; ++from)
    for (std::size_t to = 0; to < kPool; ++to)
      if (from != to) pool[to] = mixed(pool[to], hash(pool[from]));
  for (std::size_t from = kPool; from < entropy.size(); ++from)
    for (std::uint32_t& word : pool) word = mixed(word, hash(entropy[from]));
  return pool;
}

// Lemire's multiply-shift, with the rejection that makes it fair.
template <typename Next>
std::uint32_t below(std::uint32_t bound, Next next) {
  std::uint64_t product = std::uint64_t{next()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0U - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

constexpr std::uint64_t kWhole = std::uint64_t{1} << 32;

}  // namespace

NumpyGenerator::NumpyGenerator(std::uint64_t seed_value) {
  const std::uint32_t words[] = {static_cast<std::uint32_t>(seed_value),
                                 static_cast<std::uint32_t>(seed_value >> 32)};
  seed(std::span<const std::uint32_t>(words, words[1] == 0 ? 1 : 2));
}

NumpyGenerator::NumpyGenerator(std::span<const std::uint32_t> entropy) { seed(entropy); }

void NumpyGenerator::seed(std::span<const std::uint32_t> entropy) {
  const auto pool = pool_of(entropy);
  HashMix hash(0x8B51F9DDU, 0x58F38DEDU);
  std::array<std::uint64_t, 4> words{};
  for (std::size_t i = 0; i < 8; ++i)
    words[i / 2] |= std::uint64_t{hash(pool[i % kPool])} << (i % 2 == 0 ? 0 : 32);
  const Wide increment = wide(words[2], words[3]) << 1 | 1;
  increment_high_ = high(increment);
  increment_low_ = low(increment);
  next64();
  const Wide start = wide(state_high_, state_low_) + wide(words[0], words[1]);
  state_high_ = high(start);
  state_low_ = low(start);
  next64();
}

std::uint64_t NumpyGenerator::next64() {
  const Wide state =
      wide(state_high_, state_low_) * wide(0x2360ED051FC65DA4ULL, 0x4385DF649FCCF645ULL) +
      wide(increment_high_, increment_low_);
  state_high_ = high(state);
  state_low_ = low(state);
  return std::rotr(state_high_ ^ state_low_, static_cast<int>(state_high_ >> 58));
}

std::uint32_t NumpyGenerator::next32() {
  if (half_) {
    half_ = false;
    return kept_;
  }
  const std::uint64_t both = next64();
  half_ = true;
  kept_ = static_cast<std::uint32_t>(both >> 32);
  return static_cast<std::uint32_t>(both);
}

double NumpyGenerator::uniform() { return static_cast<double>(next64() >> 11) * 0x1.0p-53; }

std::vector<std::uint32_t> NumpyGenerator::choice(std::uint64_t bound, std::size_t count) {
  std::vector<std::uint32_t> chosen(count, 0);
  if (bound <= 1) return chosen;
  // A copy lives in registers: the vector's memory might be this object's, for all the compiler
  // knows.
  NumpyGenerator own = *this;
  const auto draw = [&own] { return own.next32(); };
  for (std::uint32_t& index : chosen)
    index = bound >= kWhole ? draw() : below(static_cast<std::uint32_t>(bound), draw);
  *this = own;
  return chosen;
}

std::vector<std::uint32_t> NumpyGenerator::booleans(std::size_t count) {
  std::vector<std::uint32_t> drawn((count + 31) / 32);
  for (std::uint32_t& word : drawn) word = next32();
  if (count % 32 != 0) drawn.back() &= (1U << count % 32) - 1;
  return drawn;
}

std::vector<std::uint32_t> NumpyLegacyRandom::choice(std::uint64_t bound, std::size_t count) {
  std::vector<std::uint32_t> chosen(count, 0);
  if (bound <= 1) return chosen;
  const auto most = static_cast<std::uint32_t>(bound - 1);
  const std::uint32_t mask = std::bit_width(most) == 32 ? ~0U : (1U << std::bit_width(most)) - 1;
  for (std::uint32_t& index : chosen) {
    do index = next32() & mask;
    while (index > most);
  }
  return chosen;
}

}  // namespace llmops
