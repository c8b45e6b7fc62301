#pragma once
// White space as Python's str.split and str.rstrip see it: U+0009-000D, U+001C-0020, U+0085,
// U+00A0, U+1680, U+2000-200A, U+2028, U+2029, U+202F, U+205F, U+3000. Texts are UTF-8.

#include <cstddef>
#include <string_view>
#include <vector>

namespace llmops {

// Bytes of the white-space character that starts at `at`; 0 where another character stands there.
std::size_t space_at(std::string_view text, std::size_t at);
bool is_space(char32_t c);

std::string_view strip_right(std::string_view text);
std::string_view strip(std::string_view text);

// The pieces between white space, appended to `words`; they point into `text`.
void split_words(std::string_view text, std::vector<std::string_view>& words);
std::vector<std::string_view> split_words(std::string_view text);

}  // namespace llmops
