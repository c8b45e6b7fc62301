#pragma once
// UTF-8 as it arrives from files and models: sometimes broken, sometimes hostile.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

bool valid_utf8(std::string_view text);

// Bytes of the well-formed code point at the front of `text`; 0: none stands there.
std::size_t utf8_length(std::string_view text);

// Every broken sequence becomes U+FFFD, one for each maximal ill-formed part (Unicode 15, 3.9
// D93b).
std::string repair_utf8(std::string_view text);

// Number of code points; a byte that starts no valid sequence counts as one.
std::size_t code_points(std::string_view text);

// `count` code points from code point `from` on.
std::string code_point_slice(std::string_view text, std::size_t from, std::size_t count);

// Columns that a text takes on a terminal: two for East Asian wide characters and emoji, none for
// combining marks (Unicode Standard Annex 11, as ICU's data has it).
std::size_t terminal_columns(std::string_view text);

// The code points of a text; broken sequences give U+FFFD.
std::vector<char32_t> decode_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t code_point);

// Safe for one line of a terminal: C0, C1 and DEL controls, line breaks, bidirectional and other
// invisible format characters become visible escapes (\n, \x1b, \u202e); broken UTF-8 becomes
// U+FFFD.
std::string visible(std::string_view text);

// As `visible`, but line breaks and tabs stay.
std::string visible_lines(std::string_view text);

}  // namespace llmops
