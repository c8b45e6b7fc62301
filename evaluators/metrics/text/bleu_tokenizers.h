#pragma once
// The tokenizers of sacrebleu 2.6.0, written as one pass instead of a row of regular expressions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

enum class BleuTokenizer { v13a, intl, zh, chars, none };

std::string_view name(BleuTokenizer tokenizer);  // "13a", "intl", "zh", "char", "none"
std::optional<BleuTokenizer> bleu_tokenizer(std::string_view name);

// Appends the tokens of a right-stripped text to `tokens`. They point into `text`, or into `buffer`
// where 13a has to rewrite the text (entities, hyphens at a line's end); both must stay as they
// are.
void tokenize(BleuTokenizer tokenizer, std::string_view text, std::string& buffer,
              std::vector<std::string_view>& tokens);

// The four substitutions of 13a alone, on the text with a blank before and after.
void split_western(std::string_view text, std::vector<std::string_view>& tokens);

}  // namespace llmops
