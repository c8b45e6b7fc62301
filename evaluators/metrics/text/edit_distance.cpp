// Myers 1999 in the block form of Hyyrö 2003.
#include "evaluators/metrics/text/edit_distance.h"

#include <bit>

namespace llmops {

TokenMasks::TokenMasks(std::span<const std::uint32_t> pattern)
    : size_(pattern.size()),
      words_((pattern.size() + 63) / 64),
      slots_(std::bit_ceil(2 * pattern.size() + 2)),
      bits_(words_, 0) {
  const std::size_t mask = slots_.size() - 1;
  std::uint32_t rows = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    std::size_t at = pattern[i] * 0x9E3779B1U & mask;
    while (slots_[at].row != 0 && slots_[at].token != pattern[i]) at = (at + 1) & mask;
    if (slots_[at].row == 0) {
      slots_[at] = {pattern[i], ++rows};
      bits_.resize(bits_.size() + words_, 0);
    }
    bits_[slots_[at].row * words_ + i / 64] |= std::uint64_t{1} << i % 64;
  }
}

const std::uint64_t* TokenMasks::of(std::uint32_t token) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = token * 0x9E3779B1U & mask;
  while (slots_[at].row != 0 && slots_[at].token != token) at = (at + 1) & mask;
  return bits_.data() + slots_[at].row * words_;
}

void EditColumn::start(const TokenMasks& pattern) {
  plus.assign(pattern.words(), ~std::uint64_t{0});
  minus.assign(pattern.words(), 0);
  distance = pattern.size();
}

void EditColumn::step(const TokenMasks& pattern, std::uint32_t token) {
  const std::size_t words = pattern.words();
  if (words == 0) {
    ++distance;
    return;
  }
  const std::uint64_t* masks = pattern.of(token);
  const std::uint64_t last = std::uint64_t{1} << (pattern.size() - 1) % 64;
  // Horizontal differences that leave one block enter the next; the top row grows by one a column.
  std::uint64_t plus_in = 1;
  std::uint64_t minus_in = 0;
  for (std::size_t w = 0; w < words; ++w) {
    const std::uint64_t p = plus[w];
    const std::uint64_t m = minus[w];
    const std::uint64_t eq = masks[w] | minus_in;
    const std::uint64_t vertical = masks[w] | m;
    const std::uint64_t horizontal = (((eq & p) + p) ^ p) | eq;
    std::uint64_t plus_out = m | ~(horizontal | p);
    std::uint64_t minus_out = p & horizontal;
    if (w + 1 == words) {
      distance += (plus_out & last) != 0;
      distance -= (minus_out & last) != 0;
    }
    const std::uint64_t plus_next = plus_out >> 63;
    const std::uint64_t minus_next = minus_out >> 63;
    plus_out = plus_out << 1 | plus_in;
    minus_out = minus_out << 1 | minus_in;
    plus[w] = minus_out | ~(vertical | plus_out);
    minus[w] = plus_out & vertical;
    plus_in = plus_next;
    minus_in = minus_next;
  }
}

std::size_t levenshtein(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a = a.subspan(1);
    b = b.subspan(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a = a.first(a.size() - 1);
    b = b.first(b.size() - 1);
  }
  if (a.size() > b.size()) std::swap(a, b);
  const TokenMasks pattern(a);
  EditColumn column;
  column.start(pattern);
  for (const std::uint32_t token : b) column.step(pattern, token);
  return column.distance;
}

}  // namespace llmops
