// Tercom's words as sacrebleu 2.6.0 makes them, its slips included: "\n-" (not "-\n") is deleted,
// the range of enclosed CJK letters runs to U+3F22, and the rules for kana, which can only match at
// the start of a text that begins with a blank, never do.
#include <algorithm>

#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/bleu_tokenizers.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/ter.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, done)) {
    out.append(text, done, at - done).append(with);
    done = at + what.size();
  }
  return out.append(text, done);
}

bool western_symbol(char c) {
  return c != '\0' &&
         std::string_view("!\"#$%&()*+/:;<=>?@[\\]^_`{|}~").find(c) != std::string_view::npos;
}

// Blanks before a possessive "'s" that a blank, a symbol or the end follows.
std::string split_possessives(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool possessive =
        text.compare(i, 2, "'s") == 0 &&
        (i + 2 == text.size() || text[i + 2] == ' ' || western_symbol(text[i + 2]));
    if (possessive) out += ' ';
    out += text[i];
  }
  return out;
}

std::string normalized_western(std::string_view text) {
  std::string joined = replaced(replaced(text, "\n-", ""), "\n", " ");
  joined = replaced(replaced(joined, "&quot;", "\""), "&amp;", "&");
  joined = split_possessives(replaced(replaced(joined, "&lt;", "<"), "&gt;", ">"));
  std::vector<std::string_view> tokens;
  split_western(joined, tokens);
  std::string spaced;
  for (const std::string_view token : tokens) {
    spaced += token;
    spaced += ' ';
  }
  return spaced;
}

bool asian_punctuation(char32_t c) {
  return c == 0x3001 || c == 0x3002 || (c >= 0x3008 && c <= 0x3011) ||
         (c >= 0x3014 && c <= 0x301F) || (c >= 0xFF61 && c <= 0xFF65) || c == 0x30FB ||
         c == 0xFF0E || c == 0xFF0C || c == 0xFF1F || c == 0xFF1A || c == 0xFF1B || c == 0xFF01 ||
         c == 0xFF02 || c == 0xFF08 || c == 0xFF09;
}

bool asian_alone(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x31C0 && c <= 0x31EF) || (c >= 0x2E80 && c <= 0x2EFF) ||
         (c >= 0x3300 && c <= 0x33FF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE30 && c <= 0xFE4F) || (c >= 0x3200 && c <= 0x3F22) || asian_punctuation(c);
}

std::string normalized_asian(const std::string& text) {
  std::string out;
  for (const char32_t c : decode_utf8(text)) {
    const bool alone = asian_alone(c);
    if (alone) out += ' ';
    append_utf8(out, c);
    if (alone) out += ' ';
  }
  return out;
}

std::string without_asian_punctuation(const std::string& text) {
  std::string out;
  for (const char32_t c : decode_utf8(text))
    if (!asian_punctuation(c)) append_utf8(out, c);
  return out;
}

}  // namespace

std::vector<std::string_view> ter_words(std::string_view text, const TerOptions& options,
                                        std::string& buffer) {
  text = strip_right(text);
  buffer = options.case_sensitive ? std::string(text) : lowercase(text);
  if (options.normalized) {
    buffer = normalized_western(buffer);
    if (options.asian_support) buffer = normalized_asian(buffer);
  }
  if (options.no_punct) {
    std::erase_if(buffer, [](char c) {
      return c != '\0' && std::string_view(".,?:;!\"()").find(c) != std::string_view::npos;
    });
    if (options.asian_support) buffer = without_asian_punctuation(buffer);
  }
  return split_words(buffer);
}

}  // namespace llmops
