#pragma once
// ROUGE as rouge_score 0.1.2 computes it (Lin 2004).

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct RougeVariant {
  enum class Kind { ngrams, lcs, lcs_by_sentence };
  std::string name;  // "rouge1" to "rouge9", "rougeL", "rougeLsum"
  Kind kind = Kind::ngrams;
  std::size_t order = 1;  // of the n-grams
};

std::optional<RougeVariant> rouge_variant(std::string_view name);

// All in [0, 1].
struct RougeScore {
  double precision = 0, recall = 0, fmeasure = 0;
  bool given_up = false;  // rougeLsum of texts with too many lines that are nearly alike
};

// Scores of one output, one for each variant: those of the reference with the highest F, the first
// of several. A text without tokens ([a-z0-9]+ after lower case) scores 0. At least one reference.
// n-grams cost O(n + m) tokens, rougeL and rougeLsum O(n * m / 64); rougeLsum gives up past about a
// second of work, which takes thousands of lines that share words in another order.
std::vector<RougeScore> rouge(std::string_view hypothesis, std::span<const std::string> references,
                              std::span<const RougeVariant> variants, bool stemmer);

// The tokens that are compared: lower case, split at all but a-z and 0-9, those of more than 3
// characters stemmed.
std::vector<std::string> rouge_tokens(std::string_view text, bool stemmer);

}  // namespace llmops
