#pragma once
#include <string>
#include <string_view>

namespace llmops {

// Stem of an English word by Porter's algorithm (1980) with the extensions of nltk 3.8 (its default
// mode): a table of irregular words, words of one or two letters untouched, and some changed rules.
// `word` is lower case; characters other than a e i o u y count as consonants.
std::string porter_stem(std::string_view word);

}  // namespace llmops
