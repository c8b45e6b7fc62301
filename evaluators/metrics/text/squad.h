#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

// Answers as the SQuAD scripts compare them: lower case, the 32 ASCII punctuation characters
// deleted, then the words a, an, the (between Unicode word boundaries) replaced by a blank, white
// space collapsed.
std::string squad_normalized(std::string_view text);

// The normal form's words.
std::vector<std::string> squad_words(std::string_view text);

// Harmonic mean of precision and recall over two bags of words, in [0, 1]; 0 where nothing is
// shared.
double bag_f1(std::vector<std::string> hypothesis, std::vector<std::string> reference);

}  // namespace llmops
