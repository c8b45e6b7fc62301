// An n-gram is the pair of the two (n-1)-grams that it begins and ends with, so a level needs only
// the numbers of the level below. A gram that has no partner on the other side gets the number 0,
// and nothing that holds it is looked up on the levels above.
#include "evaluators/metrics/text/ngrams.h"

#include <algorithm>

namespace llmops {

std::span<const std::int64_t> NgramMatcher::match(std::span<const std::uint32_t> hypothesis,
                                                  std::span<const TokenIds> references,
                                                  std::size_t max_order) {
  matches_.assign(max_order, 0);
  hypothesis_.assign(hypothesis.begin(), hypothesis.end());
  if (references_.size() < references.size()) references_.resize(references.size());
  for (std::size_t r = 0; r < references.size(); ++r) references_[r] = references[r];

  std::size_t ids = 1;  // of this level, 0 included
  for (const std::uint32_t id : hypothesis_) ids = std::max<std::size_t>(ids, id + std::size_t{1});
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
