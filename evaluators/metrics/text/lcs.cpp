#include "evaluators/metrics/text/lcs.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace llmops {
namespace {

// Bit i of the row of a token is set where a[i] is that token.
class Masks {
 public:
  explicit Masks(std::span<const std::uint32_t> a) : words_((a.size() + 63) / 64) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::size_t row = rows_.try_emplace(a[i], rows_.size()).first->second;
      if (bits_.size() < (row + 1) * words_) bits_.resize((row + 1) * words_, 0);
      bits_[row * words_ + i / 64] |= std::uint64_t{1} << i % 64;
    }
  }
  std::size_t words() const { return words_; }
  // nullptr for a token that is not there.
  const std::uint64_t* of(std::uint32_t token) const {
    const auto found = rows_.find(token);
    return found == rows_.end() ? nullptr : bits_.data() + found->second * words_;
  }

 private:
  std::size_t words_;
  std::unordered_map<std::uint32_t, std::size_t> rows_;
  std::vector<std::uint64_t> bits_;
};

// Crochemore et al. 2001: V starts with ones; for each token of b, V = (V + (V & M)) | (V & ~M);
// the zeros of V count the length.
void next_row(std::uint64_t* v, const std::uint64_t* mask, std::size_t words) {
  std::uint64_t carry = 0;
  for (std::size_t w = 0; w < words; ++w) {
    const std::uint64_t u = v[w] & mask[w];
    const std::uint64_t rest = v[w] - u;
    const std::uint64_t part = v[w] + u;
    const std::uint64_t sum = part + carry;
    carry = static_cast<std::uint64_t>(part < u) | static_cast<std::uint64_t>(sum < part);
    v[w] = sum | rest;
  }
}

std::size_t zeros(const std::uint64_t* v, std::size_t bits) {
  std::size_t count = 0;
  for (std::size_t w = 0; w < bits / 64; ++w)
    count += static_cast<std::size_t>(std::popcount(~v[w]));
  if (bits % 64 != 0)
    count += static_cast<std::size_t>(
        std::popcount(~v[bits / 64] & ((std::uint64_t{1} << bits % 64) - 1)));
  return count;
}

// The table of lengths, for sentences.
void mark_by_table(std::span<const std::uint32_t> reference,
                   std::span<const std::uint32_t> candidate, std::vector<bool>& on_path) {
  thread_local std::vector<std::uint16_t> table;
  const std::size_t width = candidate.size() + 1;
  table.assign((reference.size() + 1) * width, 0);
  for (std::size_t i = 1; i <= reference.size(); ++i) {
    const std::uint16_t* above = table.data() + (i - 1) * width;
    std::uint16_t* row = table.data() + i * width;
    for (std::size_t j = 1; j < width; ++j)
      row[j] = reference[i - 1] == candidate[j - 1] ? static_cast<std::uint16_t>(above[j - 1] + 1)
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

// Rows of the table as bit vectors: bit j-1 of row i is 0 where the length grows from j-1 to j.
// Only the first row of each block of rows is kept; the others are made again when the way back
// comes there.
class BitRows {
 public:
  BitRows(std::span<const std::uint32_t> reference, std::span<const std::uint32_t> candidate)
      : reference_(reference), masks_(candidate), words_(masks_.words()) {
    while (block_ * block_ < reference.size()) ++block_;
    std::vector<std::uint64_t> row(words_, ~std::uint64_t{0});
    for (std::size_t i = 0; i <= reference.size(); ++i) {
      if (i % block_ == 0) kept_.insert(kept_.end(), row.begin(), row.end());
      if (i < reference.size()) step(i, row.data());
    }
  }
  // Row i; calls go down from the last row, and `row(i)` stays there while `row(i - 1)` is asked.
  const std::uint64_t* row(std::size_t i) {
    if (i < first_ || i >= first_ + count_) load(i == 0 ? 0 : (i - 1) / block_);
    return rows_.data() + (i - first_) * words_;
  }

 private:
  void step(std::size_t i, std::uint64_t* row) const {
    if (const std::uint64_t* mask = masks_.of(reference_[i])) next_row(row, mask, words_);
  }
  // Rows from the block's first to the next block's first.
  void load(std::size_t block) {
    first_ = block * block_;
    count_ = std::min(block_, reference_.size() - first_) + 1;
    rows_.resize(count_ * words_);
    std::copy_n(kept_.begin() + static_cast<std::ptrdiff_t>(block * words_), words_, rows_.begin());
    for (std::size_t i = 1; i < count_; ++i) {
      std::uint64_t* row = rows_.data() + i * words_;
      std::copy_n(row - words_, words_, row);
      step(first_ + i - 1, row);
    }
  }
  std::span<const std::uint32_t> reference_;
  Masks masks_;
  std::size_t words_, block_ = 64;
  std::size_t first_ = 0, count_ = 0;  // of `rows_`
  std::vector<std::uint64_t> kept_, rows_;
};

// The same way back over long texts.
void mark_by_bits(std::span<const std::uint32_t> reference,
                  std::span<const std::uint32_t> candidate, std::vector<bool>& on_path) {
  BitRows rows(reference, candidate);
  std::size_t i = reference.size(), j = candidate.size();
  const auto grows = [](const std::uint64_t* row, std::size_t at) -> std::size_t {
    return (row[(at - 1) / 64] >> (at - 1) % 64 & 1) == 0 ? 1 : 0;
  };
  std::size_t here = zeros(rows.row(i), j);  // length at (i, j), and at (i - 1, j)
  while (i > 0 && j > 0) {
    const std::uint64_t* above_row = rows.row(i - 1);
    const std::uint64_t* row = rows.row(i);
    std::size_t above = zeros(above_row, j);
    for (;;) {
      if (reference[i - 1] == candidate[j - 1]) {
        on_path[i - 1] = true;
        here = above - grows(above_row, j);
        --j;
        break;
      }
      const std::size_t left = here - grows(row, j);
      if (left <= above) {
        here = above;
        break;
      }
      above -= grows(above_row, j);
      here = left;
      if (--j == 0) return;
    }
    --i;
  }
}

}  // namespace

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
  const Masks masks(a);
  std::vector<std::uint64_t> v(masks.words(), ~std::uint64_t{0});
  for (const std::uint32_t token : b)
    if (const std::uint64_t* mask = masks.of(token)) next_row(v.data(), mask, masks.words());
  return zeros(v.data(), a.size());
}

void mark_lcs(std::span<const std::uint32_t> reference, std::span<const std::uint32_t> candidate,
              std::vector<bool>& on_path) {
  constexpr std::size_t kTable = 1 << 14;  // cells; beyond, bits are faster
  if (reference.empty() || candidate.empty()) return;
  if (reference.size() <= kTable / candidate.size())
    mark_by_table(reference, candidate, on_path);
  else
    mark_by_bits(reference, candidate, on_path);
}

}  // namespace llmops
