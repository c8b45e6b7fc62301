#pragma once
#include <cstddef>
#include <string_view>

namespace llmops {

struct TextCounts {
  std::size_t sentences = 0;   // runs of words that . ! ? or an empty line ends
  std::size_t words = 0;       // pieces between white space with a letter or digit
  std::size_t characters = 0;  // letters and digits
  std::size_t syllables = 0;   // of English words, by rule; at least one a word
};

TextCounts count_text(std::string_view text);

// Groups of vowels; a final silent e and the e of a final -es or -ed are left out. At least 1.
std::size_t english_syllables(std::string_view word);

}  // namespace llmops
