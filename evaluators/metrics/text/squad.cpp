#include "evaluators/metrics/text/squad.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

bool ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// \w of Python's re: str.isalnum or the low line (which is punctuation here and long gone). Marks
// are not in it.
bool word_character(UChar32 c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
  if (u_isalpha(c) || u_isdigit(c)) return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_ND_MASK)) != 0;
  return u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}

bool article(std::string_view word) { return word == "a" || word == "an" || word == "the"; }

std::string without_articles(const std::string& text) {
  std::string kept;
  kept.reserve(text.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  std::int32_t at = 0;
  while (at < size) {
    const std::int32_t start = at;
    std::int32_t end = at;
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    const bool word = c >= 0 && word_character(c);
    end = at;
    while (word && at < size) {
      U8_NEXT(bytes, at, size, c);
      if (c < 0 || !word_character(c)) break;
      end = at;
    }
    at = end;
    const std::string_view piece(text.data() + start, static_cast<std::size_t>(end - start));
    if (word && article(piece))
      kept += ' ';
    else
      kept += piece;
  }
  return kept;
}

}  // namespace

std::string squad_normalized(std::string_view text) {
  std::string lower = lowercase(text);
  std::erase_if(lower, ascii_punctuation);
  const std::string kept = without_articles(lower);
  std::string normal;
  normal.reserve(kept.size());
  for (const std::string_view word : split_words(kept)) {
    if (!normal.empty()) normal += ' ';
    normal += word;
  }
  return normal;
}

std::vector<std::string> squad_words(std::string_view text) {
  const std::string normal = squad_normalized(text);
  const std::vector<std::string_view> words = split_words(normal);
  return {words.begin(), words.end()};
}

double bag_f1(std::vector<std::string> hypothesis, std::vector<std::string> reference) {
  std::ranges::sort(hypothesis);
  std::ranges::sort(reference);
  std::vector<std::string> shared;
  std::ranges::set_intersection(hypothesis, reference, std::back_inserter(shared));
  if (shared.empty()) return 0.0;
  const double precision =
      static_cast<double>(shared.size()) / static_cast<double>(hypothesis.size());
  const double recall = static_cast<double>(shared.size()) / static_cast<double>(reference.size());
  return 2 * precision * recall / (precision + recall);
}

}  // namespace llmops
