#pragma once
// Translation edit rate as sacrebleu 2.6.0 computes it (Snover et al. 2006; Tercom's search).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct TerOptions {
  bool normalized = false;     // Tercom's western tokens
  bool no_punct = false;       // punctuation deleted
  bool asian_support = false;  // both for CJK, too
  bool case_sensitive = false;
};

// The words that are compared; they point into `buffer`.
std::vector<std::string_view> ter_words(std::string_view text, const TerOptions& options,
                                        std::string& buffer);

// Edits of one pair, shifts of blocks included. The reference must not be empty. O(n) words for a
// round of moves and for each of at most 1,000 candidates a few rows of the band, as a rule: 16,000
// words against as many others take about a second.
std::size_t ter_edits(std::span<const std::uint32_t> hypothesis,
                      std::span<const std::uint32_t> reference);

// Fewest edits over the references, and their mean length in words. At least one reference.
std::vector<double> ter_counts(std::string_view hypothesis, std::span<const std::string> references,
                               const TerOptions& options);

// 100 * edits / length of summed counts, from 0 up; 100 for edits without a reference word.
// `single`: the quotient in single precision, as in the reference program's bootstrap.
double ter_score(std::span<const double> counts, bool single = false);

}  // namespace llmops
