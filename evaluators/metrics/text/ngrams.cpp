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

  const auto count = [](std::vector<std::uint32_t>& counts, std::uint32_t id) {
    if (id >= counts.size()) counts.resize(id + 64, 0);
    ++counts[id];
  };
  for (std::size_t order = 1; order <= max_order; ++order) {
    have_.assign(have_.size(), 0);
    best_.assign(best_.size(), 0);
    if (order > 1) {
      if (hypothesis_.empty()) break;
      pairs_.clear(hypothesis_.size());
      for (std::size_t i = 0; i + 1 < hypothesis_.size(); ++i) {
        const bool shared = hypothesis_[i] != 0 && hypothesis_[i + 1] != 0;
        hypothesis_[i] = shared ? pairs_.id(hypothesis_[i], hypothesis_[i + 1]) : 0;
      }
      hypothesis_.pop_back();
    }
    for (const std::uint32_t id : hypothesis_) count(have_, id);
    const std::size_t ids = have_.size();
    for (std::size_t r = 0; r < references.size(); ++r) {
      TokenIds& reference = references_[r];
      if (order > 1) {
        if (reference.empty()) continue;
        for (std::size_t i = 0; i + 1 < reference.size(); ++i) {
          const bool shared = reference[i] != 0 && reference[i + 1] != 0;
          reference[i] = shared ? pairs_.find(reference[i], reference[i + 1]) : 0;
        }
        reference.pop_back();
      }
      seen_.assign(ids, 0);
      for (std::uint32_t& id : reference) {
        if (id >= ids || have_[id] == 0)
          id = 0;
        else
          ++seen_[id];
      }
      best_.resize(ids, 0);
      for (std::size_t id = 1; id < ids; ++id) best_[id] = std::max(best_[id], seen_[id]);
    }
    matches_[order - 1] = settle();
    if (matches_[order - 1] == 0) break;
  }
  return matches_;
}

// Sums the matches of this level and drops grams of the hypothesis that no reference has.
std::int64_t NgramMatcher::settle() {
  std::int64_t matches = 0;
  best_.resize(have_.size(), 0);
  for (std::size_t id = 1; id < have_.size(); ++id) matches += std::min(have_[id], best_[id]);
  for (std::uint32_t& id : hypothesis_)
    if (best_[id] == 0) id = 0;
  return matches;
}

}  // namespace llmops
