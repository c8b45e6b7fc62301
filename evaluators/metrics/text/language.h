#pragma once
#include <span>
#include <string>
#include <string_view>

namespace llmops {

// ISO 639-1 code of the language that most of a text is in; "" where there is too little to tell.
// The script decides where one language alone has it (Greek, Thai, Hangul ...) or letters tell its
// languages apart (Cyrillic, Arabic, Han with or without kana); among the languages of the Latin
// script frequent words and letter groups do. Made for a sentence and more; a language that is not
// in `languages` is taken for a neighbour of its script.
std::string detect_language(std::string_view text);

// All codes that it can return.
std::span<const std::string_view> languages();

}  // namespace llmops
