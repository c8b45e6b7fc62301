#include "evaluators/metrics/text/readability.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <string>

#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

bool vowel(char c) { return std::string_view("aeiouy").find(c) != std::string_view::npos; }

std::string letters_of(std::string_view word) {
  std::string letters;
  for (const char c : lowercase(word))
    if (c >= 'a' && c <= 'z') letters += c;
  return letters;
}

// Whether a sentence ends with this word: a final mark, perhaps with quotes or brackets behind it.
bool ends_sentence(std::string_view word) {
  while (!word.empty() && std::string_view("\"')]}*_`").find(word.back()) != std::string_view::npos)
    word.remove_suffix(1);
  return word.ends_with('.') || word.ends_with('!') || word.ends_with('?') || word.ends_with("…") ||
         word.ends_with("。");
}

}  // namespace

std::size_t english_syllables(std::string_view word) {
  const std::string letters = letters_of(word);
  std::size_t groups = 0;
  for (std::size_t i = 0; i < letters.size(); ++i)
    groups += vowel(letters[i]) && (i == 0 || !vowel(letters[i - 1]));
  const std::size_t n = letters.size();
  const auto consonant_at = [&](std::size_t i) { return !vowel(letters[i]); };
  if (n > 2 && letters.ends_with('e') && consonant_at(n - 2)) {
    // "table" keeps its last syllable, "make" does not.
    if (letters[n - 2] != 'l' || !consonant_at(n - 3)) --groups;
  } else if (n > 3 && letters.ends_with("ed") && consonant_at(n - 3) && letters[n - 3] != 't' &&
             letters[n - 3] != 'd') {
    --groups;
  } else if (n > 3 && letters.ends_with("es") && consonant_at(n - 3) &&
             std::string_view("sxzhcg").find(letters[n - 3]) == std::string_view::npos) {
    --groups;
  }
  return std::max<std::size_t>(groups, 1);
}

TextCounts count_text(std::string_view text) {
  TextCounts counts;
  bool open = false;
  const char* last_end = text.data();
  for (const std::string_view word : split_words(text)) {
    const std::string_view gap(last_end, static_cast<std::size_t>(word.data() - last_end));
    last_end = word.data() + word.size();
    if (open && std::ranges::count(gap, '\n') > 1) {
      ++counts.sentences;
      open = false;
    }
    std::size_t characters = 0;
    for (const char32_t c : decode_utf8(word))
      characters += u_isalnum(static_cast<UChar32>(c)) != 0;
    if (characters > 0) {
      ++counts.words;
      counts.characters += characters;
      counts.syllables += english_syllables(word);
      open = true;
    }
    if (open && ends_sentence(word)) {
      ++counts.sentences;
      open = false;
    }
  }
  counts.sentences += open;
  return counts;
}

}  // namespace llmops
