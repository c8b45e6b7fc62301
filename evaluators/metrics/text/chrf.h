#pragma once
// chrF from counts, as sacrebleu 2.6.0 computes it (Popović 2015, 2017).

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct ChrfOptions {
  std::size_t char_order = 6;
  std::size_t word_order = 0;  // 1: chrF+, 2: chrF++
  double beta = 2.0;           // recall counts beta times as much as precision
  bool lowercase = false;
  bool whitespace = false;  // white space takes part in character n-grams
  bool eps_smoothing =
      false;  // mean of the F of every order instead of the F of mean precision and recall
};

// For each order of characters, then of words: n-grams of the hypothesis (0 where the reference has
// none of that order), of the reference, and shared ones. Of several references those of the one
// with the best score. At least one reference.
std::vector<double> chrf_counts(std::string_view hypothesis,
                                std::span<const std::string> references,
                                const ChrfOptions& options);

// Score of summed counts, 0 to 100. `single`: precision and recall of each order in single
// precision, as in the reference program's bootstrap.
double chrf_score(std::span<const double> counts, const ChrfOptions& options, bool single = false);

}  // namespace llmops
