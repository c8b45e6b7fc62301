#include "evaluators/metrics/text/lcs.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace llmops {
namespace {

// Bit i of the row of a token is set where a[i] is that token.
struct Masks {
  std::size_t words;
  std::unordered_map<std::uint32_t, std::size_t> rows;
  std::vector<std::uint64_t> bits;
};

template <typename Count>
void mark(std::span<const std::uint32_t> reference, std::span<const std::uint32_t> candidate,
          std::vector<bool>& on_path, std::vector<Count>& table) {
  const std::size_t width = candidate.size() + 1;
  table.assign((reference.size() + 1) * width, 0);
  for (std::size_t i = 1; i <= reference.size(); ++i) {
    const Count* above = table.data() + (i - 1) * width;
    Count* row = table.data() + i * width;
    for (std::size_t j = 1; j < width; ++j)
      row[j] = reference[i - 1] == candidate[j - 1] ? static_cast<Count>(above[j - 1] + 1)
                                                    : std::max(above[j], row[j - 1]);
  }
  for (std::size_t i = reference.size(), j = candidate.size(); i > 0 && j > 0;) {
    if (reference[i - 1] == candidate[j - 1]) {
      on_path[i - 1] = true;
      --i;
      --j;
    } else if (table[i * width + j - 1] > table[(i - 1) * width + j]) {
      --j;
    } else {
      --i;
    }
  }
}

}  // namespace

// Crochemore et al. 2001: V starts with ones; for each token of b, V = (V + (V & M)) | (V & ~M);
// the zeros of V count the length.
std::size_t lcs_length(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  if (a.empty() || b.empty()) return 0;
  if (a.size() <= 64) {
    // Few tokens: their positions by a small hash table of (token, mask).
    struct Slot {
      std::uint32_t token;
      bool used;
      std::uint64_t mask;
    };
    Slot slots[128] = {};
    const auto slot_of = [&](std::uint32_t token) -> Slot& {
      std::size_t at = (token * 0x9E3779B1U) >> 25;
      while (slots[at].used && slots[at].token != token) at = (at + 1) & 127;
      return slots[at];
    };
    for (std::size_t i = 0; i < a.size(); ++i) {
      Slot& slot = slot_of(a[i]);
      slot = {a[i], true, slot.mask | std::uint64_t{1} << i};
    }
    std::uint64_t v = ~std::uint64_t{0};
    for (const std::uint32_t token : b) {
      const std::uint64_t u = v & slot_of(token).mask;
      v = (v + u) | (v - u);
    }
    const std::uint64_t inside =
        a.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << a.size()) - 1;
    return static_cast<std::size_t>(std::popcount(~v & inside));
  }
  Masks masks{(a.size() + 63) / 64, {}, {}};
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t row = masks.rows.try_emplace(a[i], masks.rows.size()).first->second;
    if (masks.bits.size() < (row + 1) * masks.words) masks.bits.resize((row + 1) * masks.words, 0);
    masks.bits[row * masks.words + i / 64] |= std::uint64_t{1} << i % 64;
  }
  std::vector<std::uint64_t> v(masks.words, ~std::uint64_t{0});
  for (const std::uint32_t token : b) {
    const auto found = masks.rows.find(token);
    if (found == masks.rows.end()) continue;
    const std::uint64_t* mask = masks.bits.data() + found->second * masks.words;
    std::uint64_t carry = 0;
    for (std::size_t w = 0; w < masks.words; ++w) {
      const std::uint64_t u = v[w] & mask[w];
      const std::uint64_t rest = v[w] - u;
      const std::uint64_t part = v[w] + u;
      const std::uint64_t sum = part + carry;
      carry = static_cast<std::uint64_t>(part < u) | static_cast<std::uint64_t>(sum < part);
      v[w] = sum | rest;
    }
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) length += (v[i / 64] >> i % 64 & 1) == 0;
  return length;
}

void mark_lcs(std::span<const std::uint32_t> reference, std::span<const std::uint32_t> candidate,
              std::vector<bool>& on_path) {
  if (std::min(reference.size(), candidate.size()) < 65536) {
    thread_local std::vector<std::uint16_t> table;
    mark(reference, candidate, on_path, table);
    if (table.size() > 1U << 20) table = {};
  } else {
    std::vector<std::uint32_t> table;
    mark(reference, candidate, on_path, table);
  }
}

}  // namespace llmops
