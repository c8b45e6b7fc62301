#pragma once
#include <string_view>
#include <vector>

namespace llmops {

// Splits as `split_western` (bleu_tokenizers.h) does, 64 bytes at a time, without a branch for each
// character. False, and nothing appended, for the few texts that it leaves to that function:
// several marks ("..") before a digit. O(n).
bool split_western_blocks(std::string_view text, std::vector<std::string_view>& tokens);

}  // namespace llmops
