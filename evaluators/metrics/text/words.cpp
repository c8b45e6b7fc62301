#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr bool ascii_space(unsigned char c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
}

std::size_t wide_space_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  switch (byte(0)) {
    case 0xC2:
      return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
    case 0xE1:
      return byte(1) == 0x9A && byte(2) == 0x80 ? 3 : 0;
    case 0xE2: {
      const unsigned last = byte(2);
      if (byte(1) == 0x81) return last == 0x9F ? 3 : 0;
      const bool space =
          (last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 || last == 0xAF;
      return byte(1) == 0x80 && space ? 3 : 0;
    }
    case 0xE3:
      return byte(1) == 0x80 && byte(2) == 0x80 ? 3 : 0;
    default:
      return 0;
  }
}

}  // namespace

std::size_t space_at(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  return c < 0x80 ? (ascii_space(c) ? 1 : 0) : wide_space_at(text, at);
}

bool is_space(char32_t c) {
  return (c < 0x80 && ascii_space(static_cast<unsigned char>(c))) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty()) {
    const auto last = static_cast<unsigned char>(text.back());
    std::size_t bytes = 0;
    if (last < 0x80)
      bytes = ascii_space(last) ? 1 : 0;
    else if (text.size() >= 2 && wide_space_at(text, text.size() - 2) == 2)
      bytes = 2;
    else if (text.size() >= 3 && wide_space_at(text, text.size() - 3) == 3)
      bytes = 3;
    if (bytes == 0) break;
    text.remove_suffix(bytes);
  }
  return text;
}

std::string_view strip(std::string_view text) {
  text = strip_right(text);
  while (!text.empty()) {
    const std::size_t bytes = space_at(text, 0);
    if (bytes == 0) break;
    text.remove_prefix(bytes);
  }
  return text;
}

void split_words(std::string_view text, std::vector<std::string_view>& words) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t blank = space_at(text, at);
    if (blank == 0) {
      ++at;
      continue;
    }
    if (at > begin) words.push_back(text.substr(begin, at - begin));
    at += blank;
    begin = at;
  }
  if (begin < text.size()) words.push_back(text.substr(begin));
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  split_words(text, words);
  return words;
}

}  // namespace llmops
