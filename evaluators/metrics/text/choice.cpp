#include "evaluators/metrics/text/choice.h"

#include <re2/re2.h>

#include <cctype>

#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

std::optional<char> letter_of(char c, std::string_view letters) {
  const char capital = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return letters.find(capital) == std::string_view::npos ? std::nullopt : std::optional(capital);
}

// The last match whose group is one of the letters.
std::optional<char> last_letter(const re2::RE2& pattern, std::string_view text,
                                std::string_view letters) {
  std::optional<char> last;
  re2::StringPiece rest = piece(text);
  re2::StringPiece found;
  while (re2::RE2::FindAndConsume(&rest, pattern, &found))
    if (const auto letter = letter_of(found[0], letters)) last = letter;
  return last;
}

std::string plain(std::string_view text) {
  text = strip(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  return lowercase(strip(text));
}

bool alone(std::string_view text, std::size_t at) {
  const auto wordy = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0 || c == '\'' ||
           c == '_';
  };
  if (at > 0 && wordy(text[at - 1])) return false;
  if (at + 1 < text.size() && wordy(text[at + 1])) return false;
  const std::string_view behind = text.substr(at + 1);
  if (text[at] == 'I') return false;
  return text[at] != 'A' || behind.size() < 2 || behind[0] != ' ' ||
         std::islower(static_cast<unsigned char>(behind[1])) == 0;
}

}  // namespace

std::optional<char> chosen_letter(std::string_view answer, std::string_view letters,
                                  const std::vector<std::string>& texts) {
  static const re2::RE2 kNamed(
      R"((?i)(?:\banswer\b[^A-Za-z0-9]{0,10}(?:(?:is|would be|should be|choice|option)\b[^A-Za-z0-9]{0,10}){0,2}|\\boxed\{(?:\\text\{)?[^A-Za-z0-9]?)([A-Z])(?:[^A-Za-z0-9'’]|$))");
  static const re2::RE2 kWhole(R"(^[^A-Za-z0-9]{0,4}([A-Za-z])(?:[^A-Za-z0-9]{0,4}$|\s*[.):]))");
  static const re2::RE2 kBracketed(R"(\(([A-Za-z])\))");
  const std::string_view text = strip(answer);
  if (const auto named = last_letter(kNamed, text, letters)) return named;
  re2::StringPiece found;
  if (re2::RE2::PartialMatch(piece(text), kWhole, &found))
    if (const auto letter = letter_of(found[0], letters)) return letter;
  for (std::size_t i = 0; i < texts.size() && i < letters.size(); ++i)
    if (!plain(texts[i]).empty() && plain(texts[i]) == plain(text)) return letters[i];
  if (const auto bracketed = last_letter(kBracketed, text, letters)) return bracketed;
  for (std::size_t i = text.size(); i-- > 0;)
    if (letters.find(text[i]) != std::string_view::npos && alone(text, i)) return text[i];
  return std::nullopt;
}

}  // namespace llmops
