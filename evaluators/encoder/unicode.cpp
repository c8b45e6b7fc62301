#include "evaluators/encoder/unicode.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr std::uint8_t kPythonUnicode = 14;  // unicodedata.unidata_version of Python 3.11 is 14.0.0

UChar32 icu(char32_t c) { return static_cast<UChar32>(c); }

std::u32string normalised(const std::u32string& text,
                          const icu::Normalizer2* (*form)(UErrorCode&)) {
  if (std::ranges::all_of(text, [](char32_t c) { return c < 0x80; })) return text;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = form(status);
  const icu::UnicodeString given = icu::UnicodeString::fromUTF32(
      reinterpret_cast<const UChar32*>(text.data()), static_cast<std::int32_t>(text.size()));
  icu::UnicodeString made;
  if (U_SUCCESS(status)) made = normalizer->normalize(given, status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU has no normalisation data");
  std::u32string out;
  out.reserve(text.size());
  for (std::int32_t at = 0; at < made.length(); at = made.moveIndex32(at, 1))
    out += static_cast<char32_t>(made.char32At(at));
  return out;
}

}  // namespace

bool python_space(char32_t c) {
  if (c < 0x80) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool other_category(char32_t c) {
  if (c < 0x7F) return c < 0x20;
  switch (u_charType(icu(c))) {
    case U_UNASSIGNED:
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_PRIVATE_USE_CHAR:
    case U_SURROGATE:
      return true;
    default:
      break;
  }
  UVersionInfo age;
  u_charAge(icu(c), age);
  return age[0] > kPythonUnicode;
}

bool bert_punctuation(char32_t c) {
  if (c < 0x80)
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
  return (U_GET_GC_MASK(icu(c)) & U_GC_P_MASK) != 0;
}

bool nonspacing_mark(char32_t c) { return c >= 0x300 && u_charType(icu(c)) == U_NON_SPACING_MARK; }
bool letter(char32_t c) { return (U_GET_GC_MASK(icu(c)) & U_GC_L_MASK) != 0; }
bool number_sign(char32_t c) { return (U_GET_GC_MASK(icu(c)) & U_GC_N_MASK) != 0; }
bool white_space(char32_t c) { return u_isUWhiteSpace(icu(c)) != 0; }
bool space_separator(char32_t c) {
  return c == ' ' || (c >= 0x80 && u_charType(icu(c)) == U_SPACE_SEPARATOR);
}

bool cjk_ideograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

void append_lower(std::u32string& to, char32_t c) {
  if (c == 0x130) {
    to += U"i\u0307";
    return;
  }
  to += static_cast<char32_t>(u_tolower(icu(c)));
}

std::u32string to_utf32(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int64_t>(text.size());
  for (std::int64_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, at, size, c);
    out += static_cast<char32_t>(c);
  }
  return out;
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

std::u32string nfc(const std::u32string& text) {
  return normalised(text, &icu::Normalizer2::getNFCInstance);
}
std::u32string nfd(const std::u32string& text) {
  return normalised(text, &icu::Normalizer2::getNFDInstance);
}

std::string_view python_strip(std::string_view text) {
  return python_strip_right(python_strip_left(text));
}

std::string_view python_strip_left(std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int64_t>(text.size());
  std::int64_t start = 0;
  while (start < size) {
    std::int64_t next = start;
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, next, size, c);
    if (!python_space(static_cast<char32_t>(c))) break;
    start = next;
  }
  return text.substr(static_cast<std::size_t>(start));
}

std::string_view python_strip_right(std::string_view text) {
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    if (!python_space(to_utf32(text.substr(start)).front())) break;
    text = text.substr(0, start);
  }
  return text;
}

}  // namespace llmops
