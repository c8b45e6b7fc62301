#pragma once
// Inverse document frequency of tokens over a set of texts: ln((N + 1) / (df + 1)).

#include <cstddef>
#include <vector>

#include "evaluators/encoder/text_model.h"

namespace llmops {

class Idf {
 public:
  // Counts each token of a text once; the same text may come again.
  void add(TokenIds ids);
  std::size_t texts() const { return texts_; }
  float weight(TokenId id) const;

 private:
  std::vector<std::uint32_t> in_texts_;  // by id
  std::size_t texts_ = 0;
};

}  // namespace llmops
