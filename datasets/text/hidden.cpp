#include "datasets/text/hidden.h"

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr char32_t kBlackFlag = 0x1F3F4;  // begins the flags that are spelled with tags (UTS 51)

bool is_tag(char32_t c) { return (c >= 0xE0001 && c <= 0xE007F) || (c >= 0xE0100 && c <= 0xE01EF); }
bool is_joiner(char32_t c) { return c == 0x200C || c == 0x200D; }
bool is_bidirectional(char32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool is_invisible(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 ||
         c == 0x180E || c == 0x200B || (c >= 0x2060 && c <= 0x2064) ||
         (c >= 0x206A && c <= 0x206F) || c == 0x3164 || c == 0xFEFF || c == 0xFFA0 ||
         (c >= 0x1D173 && c <= 0x1D17A);
}

}  // namespace

std::vector<HiddenCharacter> hidden_characters(std::string_view text) {
  std::vector<HiddenCharacter> found;
  char32_t before = 0;
  bool in_flag = false;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      before = static_cast<char32_t>(text[at++]);
      in_flag = false;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      ++at;
      continue;
    }
    const char32_t c = decode_utf8(text.substr(at, length))[0];
    const std::size_t offset = at;
    at += length;
    if (c == kBlackFlag) in_flag = true;
    if (is_bidirectional(c))
      found.push_back({HiddenKind::bidirectional, c, offset});
    else if (is_tag(c) && !in_flag)
      found.push_back({HiddenKind::tag, c, offset});
    else if ((is_invisible(c) && offset > 0) || (is_joiner(c) && before < 0x80))
      found.push_back({HiddenKind::invisible, c, offset});
    if (c != kBlackFlag && !is_tag(c)) in_flag = false;
    before = c;
  }
  return found;
}

}  // namespace llmops
