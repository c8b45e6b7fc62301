#pragma once
// Greedy matching of token vectors (Zhang et al. 2020, equations 1 to 3), as bert_score 0.3.13 does
// it.

#include <cstddef>
#include <span>
#include <vector>

namespace llmops {

// Tokens of one text, the special ones included.
struct TokenVectors {
  std::span<const float> vectors;  // tokens x width, each of length 1
  std::span<const float> weights;  // one a token, 0 or more
};

// NaN where the weights of a side are all zero.
struct BertScores {
  double precision = 0.0;
  double recall = 0.0;
  double f1 = 0.0;  // 0 where it is undefined
};

// Every token may be the best match of a token of the other side, those of weight zero too. A text
// of two tokens (nothing but the special ones) has no score: all three are 0.
BertScores match(const TokenVectors& candidate, const TokenVectors& reference, std::size_t width);

// The better of two, each number for itself; NaN wins, as in the reference program.
BertScores best(const BertScores& a, const BertScores& b);

}  // namespace llmops
