#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace llmops {

// Counts n-grams that two texts share where there are few different symbols (characters): exact,
// and for orders around 6 about twice as fast as NgramMatcher. Keeps its memory; not thread-safe.
class SortedGrams {
 public:
  // Whether `match` takes texts of that many symbols, with ids from 1 to `alphabet`.
  static bool takes(std::size_t symbols, std::size_t alphabet, std::size_t orders);

  // Shared n-grams of the orders 1 to `orders`: the smaller of the two counts of each, added up.
  // Ids of the first text are from 1 to `alphabet`; a symbol of the second that the first lacks is
  // 0. The result lives until the next call.
  std::span<const std::int64_t> match(std::span<const std::uint32_t> first,
                                      std::span<const std::uint32_t> second, std::size_t alphabet,
                                      std::size_t orders);

 private:
  void sort(unsigned bits);
  std::vector<std::uint64_t> keys_, scratch_;
  std::vector<std::uint32_t> places_;
  std::vector<std::int64_t> matches_;
};

}  // namespace llmops
