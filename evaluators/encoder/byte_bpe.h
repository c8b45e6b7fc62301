#pragma once
// Byte-level BPE of GPT-2, RoBERTa and DeBERTa v1 (the slow tokenizers of transformers 4.42).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evaluators/encoder/text_model.h"

namespace llmops {

// Pairs in order of rank.
using Merges = std::vector<std::pair<std::string, std::string>>;

// The white space, contractions, words, numbers and signs of GPT-2's pattern
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::vector<std::string_view> gpt2_split(std::string_view text);

// `unknown` stands for every token that the vocabulary lacks.
std::unique_ptr<TextModel> make_byte_bpe(TokenVocabulary vocabulary, const Merges& merges,
                                         TokenId unknown);

}  // namespace llmops
