#pragma once
// Characters as Python 3.11 sees them (Unicode 14.0): what the reference tokenizers are written in.
// Characters that were assigned later count as unassigned.

#include <string>
#include <string_view>

namespace llmops {

// str.isspace: also what str.strip and str.split cut at.
bool python_space(char32_t c);
// General category C*: controls, format characters, private use, unassigned.
bool other_category(char32_t c);
// ASCII signs that are no letters, digits or blanks, and category P*.
bool bert_punctuation(char32_t c);
bool nonspacing_mark(char32_t c);  // Mn
bool letter(char32_t c);           // L*
bool number_sign(char32_t c);      // N*
bool white_space(char32_t c);      // the property White_Space
bool space_separator(char32_t c);  // Zs
bool cjk_ideograph(char32_t c);    // the blocks that BERT sets apart

// str.lower of one character; U+0130 becomes two.
void append_lower(std::u32string& to, char32_t c);

std::u32string to_utf32(std::string_view text);  // broken sequences become U+FFFD
std::string to_utf8(std::u32string_view text);
std::u32string nfc(const std::u32string& text);
std::u32string nfd(const std::u32string& text);

// str.strip of a UTF-8 text.
std::string_view python_strip(std::string_view text);
// Cuts white space (str.isspace) off one end.
std::string_view python_strip_left(std::string_view text);
std::string_view python_strip_right(std::string_view text);

}  // namespace llmops
