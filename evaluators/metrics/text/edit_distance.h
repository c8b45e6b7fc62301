#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace llmops {

// Where each token of a pattern stands, as bit masks, for bit-parallel comparisons with many texts.
class TokenMasks {
 public:
  explicit TokenMasks(std::span<const std::uint32_t> pattern);
  std::size_t size() const { return size_; }
  std::size_t words() const { return words_; }
  const std::uint64_t* of(std::uint32_t token) const;  // `words()` words, bit i for pattern[i]

 private:
  struct Slot {
    std::uint32_t token;
    std::uint32_t row;  // 0: free
  };
  std::size_t size_, words_;
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> bits_;  // row 0: a token that the pattern lacks
};

// One column of the edit distance matrix (unit costs) as differences between neighbours.
struct EditColumn {
  std::vector<std::uint64_t> plus, minus;
  std::size_t distance = 0;  // of the whole pattern to the text so far

  void start(const TokenMasks& pattern);
  void step(const TokenMasks& pattern, std::uint32_t token);
};

// Levenshtein distance over tokens, O(n * m / 64).
std::size_t levenshtein(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

}  // namespace llmops
