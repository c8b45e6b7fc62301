#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// Which choice a model holds most likely, given the log-likelihood of each as a continuation of the
// question; the first of several. As lm-evaluation-harness 0.4 has it: `acc` by the sum of the
// tokens' log-probabilities, `acc_norm` divides it by the choice's characters, `acc_bytes` by its
// UTF-8 bytes.
struct LikeliestChoices {
  std::size_t by_sum = 0;
  std::optional<std::size_t> by_characters, by_bytes;  // absent without texts, or for an empty one
};

// At least one likelihood; `texts` has as many, or none.
LikeliestChoices likeliest_choices(std::span<const double> likelihoods,
                                   const std::vector<std::string>& texts);

// Log-likelihoods that stand as a list of finite numbers that are not above 0, or of texts of such
// numbers (CSV), or as one text that holds a JSON list. Absent for anything else.
std::optional<std::vector<double>> read_likelihoods(const Value& value);

// Log-probability of each letter as the first token of an answer that is one, from
// log-probabilities as chat completions return them (`content[].top_logprobs[]`); a letter that is
// not among the alternatives is -infinity. Absent where no token offers two letters.
std::optional<std::vector<double>> letter_likelihoods(const Value& logprobs,
                                                      std::string_view letters);

}  // namespace llmops
