#include "evaluators/metrics/bertscore/idf.h"

#include <algorithm>
#include <cmath>

namespace llmops {

void Idf::add(TokenIds ids) {
  ++texts_;
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.empty()) return;
  in_texts_.resize(std::max(in_texts_.size(), static_cast<std::size_t>(ids.back()) + 1));
  for (const TokenId id : ids) ++in_texts_[static_cast<std::size_t>(id)];
}

float Idf::weight(TokenId id) const {
  const auto place = static_cast<std::size_t>(id);
  const double in_texts = place < in_texts_.size() ? in_texts_[place] : 0;
  return static_cast<float>(std::log((static_cast<double>(texts_) + 1.0) / (in_texts + 1.0)));
}

}  // namespace llmops
