#pragma once
// BLEU from counts, as sacrebleu 2.6.0 computes it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/metrics/text/bleu_tokenizers.h"

namespace llmops {

enum class BleuSmoothing { none, floor, add_k, exp };

std::string_view name(BleuSmoothing smoothing);  // "none", "floor", "add-k", "exp"

struct BleuOptions {
  BleuTokenizer tokenizer = BleuTokenizer::v13a;
  bool lowercase = false;
  BleuSmoothing smoothing = BleuSmoothing::exp;
  double smooth_value = 0.0;  // of floor and add-k
  std::size_t max_ngram_order = 4;
};

// Addends of the corpus score: hypothesis length, reference length, then for each order the matched
// n-grams, then for each order all n-grams of the hypothesis. 2 + 2 * max_ngram_order numbers.
using BleuCounts = std::vector<double>;

struct BleuScore {
  double score = 0;  // 0 to 100
  double brevity_penalty = 0;
  double hypothesis_length = 0, reference_length = 0;
  std::vector<double> precisions;      // percent
  std::vector<double> counts, totals;  // add-k included
};

// Counts of one segment. Of several references the one nearest in length (the shorter of two) gives
// the reference length. At least one reference.
BleuCounts bleu_counts(std::string_view hypothesis, std::span<const std::string> references,
                       const BleuOptions& options);

// Score of summed counts. `effective_order`: orders that the hypothesis is too short for are left
// out.
BleuScore bleu_score(std::span<const double> counts, const BleuOptions& options,
                     bool effective_order);

}  // namespace llmops
