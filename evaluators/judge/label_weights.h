#pragma once
// What a judge nearly said: the probabilities of the labels beside the one that it wrote.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// Mean grade over the alternatives at the last token that is the grade (Liu et al. 2023, G-Eval, as
// DeepEval does it): those that are whole numbers of the scale and have a probability of at least
// 0.01, sum s p(s)/sum p(s). `logprobs`: as the endpoint gave them, a list of {token, logprob,
// top_logprobs}. nullopt: there are none, or the grade is no token of its own.
std::optional<double> weighted_grade(const Value& logprobs, std::string_view grade, double low,
                                     double high);

// p(first)/(p(first) + p(second)) at the first token (AlpacaEval 2); a label that is not among the
// alternatives has probability 0. nullopt: neither is, or there are no log-probabilities.
std::optional<double> first_label_share(const Value& logprobs, std::string_view first,
                                        std::string_view second);

}  // namespace llmops
