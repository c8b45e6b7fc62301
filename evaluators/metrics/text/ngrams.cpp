// An n-gram is the pair of the two (n-1)-grams that it begins and ends with, so a level needs only
// the numbers of the level below. A gram that has no partner on the other side gets the number 0,
// and nothing that holds it is looked up on the levels above.
#include "evaluators/metrics/text/ngrams.h"

#include <algorithm>
#include <bit>

namespace llmops {
namespace {

constexpr std::size_t kSmall = 255;  // tokens; ids of their grams fit a byte

}  // namespace

std::span<const std::int64_t> NgramMatcher::match(std::span<const std::uint32_t> hypothesis,
                                                  std::span<const TokenIds> references,
                                                  std::size_t max_order) {
  matches_.assign(max_order, 0);
  std::uint32_t most = 0;
  for (const std::uint32_t id : hypothesis) most = std::max(most, id);
  if (references.size() == 1 && hypothesis.size() <= kSmall && most <= kSmall) {
    small_hypothesis_.assign(hypothesis.begin(), hypothesis.end());
    match_small(references.front(), max_order, most);
    return matches_;
  }
  hypothesis_.assign(hypothesis.begin(), hypothesis.end());
  if (references_.size() < references.size()) references_.resize(references.size());
  for (std::size_t r = 0; r < references.size(); ++r) references_[r] = references[r];

  std::size_t ids = most + std::size_t{1};  // of this level, 0 included
  for (std::size_t order = 1; order <= max_order && !hypothesis_.empty(); ++order) {
    if (order > 1) ids = pair_hypothesis();
    have_.assign(ids, 0);
    for (const std::uint32_t id : hypothesis_) ++have_[id];
    best_.assign(ids, 0);
    for (std::size_t r = 0; r < references.size(); ++r) {
      if (order > 1) pair_reference(references_[r]);
      std::vector<std::uint32_t>& counts = r == 0 ? best_ : seen_;
      if (r > 0) counts.assign(ids, 0);
      for (const std::uint32_t id : references_[r]) ++counts[id];
      if (r > 0)
        for (std::size_t id = 1; id < ids; ++id) best_[id] = std::max(best_[id], seen_[id]);
    }
    std::int64_t matches = 0;
    for (std::size_t id = 1; id < ids; ++id) matches += std::min(have_[id], best_[id]);
    if (matches == 0) break;
    matches_[order - 1] = matches;
    best_[0] = 0;
    for (std::uint32_t& id : hypothesis_)
      id &= 0U - static_cast<std::uint32_t>(best_[id] != 0);  // without a branch
  }
  return matches_;
}

// The same without a search and without branches that the data decide. Grams that have no partner
// keep their numbers: there are no more of them than tokens.
void NgramMatcher::match_small(std::span<const std::uint32_t> reference, std::size_t max_order,
                               std::uint32_t ids) {
  small_reference_.assign(reference.begin(), reference.end());
  taken_.resize(small_hypothesis_.size());
  std::uint8_t* const left = small_hypothesis_.data();
  std::uint8_t* const right = small_reference_.data();
  std::uint16_t* const taken = taken_.data();
  std::uint8_t have[kSmall + 1];
  std::size_t m = small_hypothesis_.size(), n = small_reference_.size();
  for (std::size_t order = 1; order <= max_order; ++order) {
    std::fill_n(have, ids + 1, std::uint8_t{0});
    for (std::size_t i = 0; i < m; ++i) ++have[left[i]];
    have[0] = 0;
    std::uint32_t matches = 0;
    for (std::size_t j = 0; j < n; ++j) {
      std::uint8_t& count = have[right[j]];
      const std::uint8_t one = count != 0 ? 1 : 0;
      matches += one;
      count = static_cast<std::uint8_t>(count - one);
    }
    matches_[order - 1] = matches;
    if (matches == 0 || m < 2 || n < 2) return;

    const unsigned shift = std::bit_width(ids);
    if (table_.size() < std::size_t{1} << 2 * shift) table_.resize(std::size_t{1} << 2 * shift);
    std::uint8_t* const table = table_.data();
    --m;
    --n;
    ids = 0;
    for (std::size_t i = 0; i < m; ++i) {
      const std::uint32_t place = std::uint32_t{left[i]} << shift | left[i + 1];
      taken[i] = static_cast<std::uint16_t>(place);
      const std::uint8_t known = table[place];
      ids += known == 0 ? 1 : 0;
      const auto id = known == 0 ? static_cast<std::uint8_t>(ids) : known;
      table[place] = id;
      left[i] = id;
    }
    // Rows and columns of the number 0 hold nothing, for the hypothesis has none.
    for (std::size_t j = 0; j < n; ++j)
      right[j] = table[std::uint32_t{right[j]} << shift | right[j + 1]];
    for (std::size_t i = 0; i < m; ++i) table[taken[i]] = 0;
  }
}

// One level up: pairs of neighbours that both have a partner. Returns the number of ids, 0
// included.
std::size_t NgramMatcher::pair_hypothesis() {
  pairs_.clear(hypothesis_.size());
  std::uint32_t first = hypothesis_[0];
  for (std::size_t i = 0; i + 1 < hypothesis_.size(); ++i) {
    const std::uint32_t second = hypothesis_[i + 1];
    hypothesis_[i] = first != 0 && second != 0 ? pairs_.id(first, second) : 0;
    first = second;
  }
  hypothesis_.pop_back();
  return pairs_.size() + 1;
}

void NgramMatcher::pair_reference(TokenIds& reference) const {
  if (reference.empty()) return;
  std::uint32_t first = reference[0];
  for (std::size_t i = 0; i + 1 < reference.size(); ++i) {
    const std::uint32_t second = reference[i + 1];
    reference[i] = first != 0 && second != 0 ? pairs_.find(first, second) : 0;
    first = second;
  }
  reference.pop_back();
}

}  // namespace llmops
