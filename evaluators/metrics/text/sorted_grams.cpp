// Every place of both texts becomes a number: the symbols from there on, the first one highest, and
// which text it is of in the lowest bit. In sorted order all grams that begin alike stand together,
// for every order at once: where the first k symbols stay the same as before, the groups of the
// orders up to k go on, and those above end and are counted. A gram that would reach over the end
// of its text holds a filler that the other text does not have.
#include "evaluators/metrics/text/sorted_grams.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

namespace llmops {
namespace {

constexpr std::size_t kLanes = 8;  // orders, of 16-bit counts
typedef std::int16_t Lanes __attribute__((vector_size(16)));

constexpr unsigned kWidestDigit = 11;  // 2^11 counters stay in the first cache

unsigned bits_of(std::size_t alphabet) {
  return static_cast<unsigned>(std::bit_width(alphabet + 1));  // 0 and the filler besides
}

// Passes of the radix sort: each costs its counters and its numbers.
unsigned passes_for(unsigned bits, std::size_t numbers) {
  unsigned best = 0;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (unsigned passes = 1; passes <= 8; ++passes) {
    const unsigned digit = (bits + passes - 1) / passes;
    if (digit > kWidestDigit) continue;
    const std::size_t cost = passes * ((std::size_t{1} << digit) + 2 * numbers);
    if (cost < least) best = passes;
    least = std::min(least, cost);
  }
  return best;
}

}  // namespace

bool SortedGrams::takes(std::size_t symbols, std::size_t alphabet, std::size_t orders) {
  constexpr std::size_t kMostSymbols = 32'000;  // 16-bit counts
  constexpr std::size_t kBits = 62;             // and the bit of the text
  return orders >= 1 && orders <= kLanes && symbols <= kMostSymbols &&
         bits_of(alphabet) * orders <= kBits;
}

void SortedGrams::sort(unsigned bits) {
  const unsigned passes = passes_for(bits, keys_.size());
  const unsigned digit = (bits + passes - 1) / passes;
  const std::uint64_t mask = (std::uint64_t{1} << digit) - 1;
  const std::size_t buckets = std::size_t{1} << digit;
  places_.assign(passes * buckets, 0);
  for (const std::uint64_t key : keys_) {
    std::uint64_t rest = key >> 1;
    for (std::size_t pass = 0; pass < passes; ++pass, rest >>= digit)
      ++places_[pass * buckets + (rest & mask)];
  }
  scratch_.resize(keys_.size());
  for (unsigned pass = 0; pass < passes; ++pass) {
    std::uint32_t* places = places_.data() + pass * buckets;
    std::uint32_t sum = 0;
    for (std::size_t b = 0; b < buckets; ++b) sum += std::exchange(places[b], sum);
    const unsigned shift = 1 + pass * digit;
    for (const std::uint64_t key : keys_) scratch_[places[key >> shift & mask]++] = key;
    keys_.swap(scratch_);
  }
}

std::span<const std::int64_t> SortedGrams::match(std::span<const std::uint32_t> first,
                                                 std::span<const std::uint32_t> second,
                                                 std::size_t alphabet, std::size_t orders) {
  const unsigned bits = bits_of(alphabet);
  const auto all_bits = static_cast<unsigned>(bits * orders);
  keys_.resize(first.size() + second.size());
  const auto add = [&](std::span<const std::uint32_t> text, std::uint64_t filler,
                       std::uint64_t side, std::uint64_t* to) {
    std::uint64_t gram = 0;
    for (std::size_t n = 0; n < orders; ++n) gram = gram << bits | filler;
    for (std::size_t i = text.size(); i-- > 0;) {
      gram = gram >> bits | std::uint64_t{text[i]} << (all_bits - bits);
      to[i] = gram << 1 | side;
    }
  };
  add(first, alphabet + 1, 1, keys_.data());
  add(second, 0, 0, keys_.data() + first.size());
  sort(all_bits);

  // By how many bits the difference to the number before has: all ones in the lanes of the orders
  // that it ends.
  std::array<Lanes, 65> ends{};
  for (unsigned width = 1; width <= all_bits; ++width)
    for (std::size_t n = (all_bits - width) / bits; n < orders; ++n) ends[width][n] = -1;

  Lanes firsts{}, total{}, firsts_before{}, total_before{}, shared{};
  const Lanes one = Lanes{} + std::int16_t{1};
  const auto end_groups = [&](const Lanes& mask) {
    const Lanes of_first = firsts - firsts_before;
    const Lanes of_second = total - total_before - of_first;
    const Lanes smaller = of_first < of_second ? of_first : of_second;
    shared += smaller & mask;
    firsts_before = (firsts & mask) | (firsts_before & ~mask);
    total_before = (total & mask) | (total_before & ~mask);
  };
  std::uint64_t before = keys_.empty() ? 0 : keys_.front();
  for (const std::uint64_t key : keys_) {
    end_groups(ends[std::bit_width((key ^ before) >> 1)]);
    firsts += Lanes{} + static_cast<std::int16_t>(key & 1);
    total += one;
    before = key;
  }
  end_groups(~Lanes{});
  matches_.assign(orders, 0);
  for (std::size_t n = 0; n < orders; ++n) matches_[n] = shared[n];
  return matches_;
}

}  // namespace llmops
