#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "evaluators/metrics/text/vocabulary.h"

namespace llmops {

using TokenIds = std::vector<std::uint32_t>;

// Counts n-grams that a hypothesis shares with its references. Exact: no two n-grams are ever taken
// for one. Keeps its memory between calls; not thread-safe.
class NgramMatcher {
 public:
  // Shared n-grams of the orders 1 to max_order: each n-gram counts as often as the hypothesis has
  // it, at most as often as the reference that has it most. Equal tokens have equal ids; those of
  // the hypothesis are above 0 and small (counters are kept by id), a token of a reference that the
  // hypothesis lacks has the id 0. The result lives until the next call.
  std::span<const std::int64_t> match(std::span<const std::uint32_t> hypothesis,
                                      std::span<const TokenIds> references, std::size_t max_order);

 private:
  void match_small(std::span<const std::uint32_t> reference, std::size_t max_order,
                   std::uint32_t ids);
  std::size_t pair_hypothesis();
  void pair_reference(TokenIds& reference) const;
  std::vector<std::int64_t> matches_;
  std::vector<std::uint32_t> hypothesis_;
  std::vector<TokenIds> references_;
  std::vector<std::uint32_t> have_, best_,
      seen_;  // by n-gram id: in the hypothesis, in one reference, in this one
  PairVocabulary pairs_;
  // For short texts with one reference: the number of a pair by both of its numbers, and the places
  // in it that are taken.
  std::vector<std::uint8_t> table_;
  std::vector<std::uint16_t> taken_;
  std::vector<std::uint8_t> small_hypothesis_, small_reference_;
};

}  // namespace llmops
