#include "datasets/text/utf8.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstdint>

namespace llmops {
namespace {

// Reads one code point at `at` and moves on; -1 for an ill-formed part. ICU follows D93b.
UChar32 next(std::string_view text, std::size_t& at) {
  UChar32 c = 0;
  auto i = static_cast<std::int64_t>(at);
  const auto n = static_cast<std::int64_t>(text.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  U8_NEXT(bytes, i, n, c);
  at = static_cast<std::size_t>(i);
  return c;
}

// Characters that show nothing and can make a line read other than it is.
bool invisible(UChar32 c) {
  return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

std::string visible(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    const UChar32 c = next(text, at);
    if (c < 0) {
      out += "\xEF\xBF\xBD";
    } else if (keep_lines && (c == '\n' || c == '\t')) {
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      out += fmt::format("\\x{:02x}", c);
    } else if (invisible(c)) {
      out += c > 0xFFFF ? fmt::format("\\U{:08x}", c) : fmt::format("\\u{:04x}", c);
    } else {
      out.append(text.substr(start, at - start));
    }
  }
  return out;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80)
      ++at;
    else if (next(text, at) < 0)
      return false;
  }
  return true;
}

std::size_t utf8_length(std::string_view text) {
  std::size_t at = 0;
  return text.empty() || next(text, at) < 0 ? 0 : at;
}

std::string repair_utf8(std::string_view text) {
  if (valid_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (next(text, at) < 0)
      out += "\xEF\xBF\xBD";
    else
      out.append(text.substr(start, at - start));
  }
  return out;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) next(text, at);
  return count;
}

std::string code_point_slice(std::string_view text, std::size_t from, std::size_t count) {
  std::size_t at = 0;
  for (; from > 0 && at < text.size(); --from) next(text, at);
  const std::size_t start = at;
  for (; count > 0 && at < text.size(); --count) next(text, at);
  return std::string(text.substr(start, at - start));
}

std::size_t terminal_columns(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const UChar32 c = next(text, at);
    if (c >= 0x20 && c < 0x300) {
      width += c == 0x7F || c == 0xAD ? 0 : 1;
      continue;
    }
    if (c < 0) {
      ++width;
      continue;
    }
    const auto category = u_charType(c);
    if (category == U_NON_SPACING_MARK || category == U_ENCLOSING_MARK ||
        category == U_FORMAT_CHAR || category == U_CONTROL_CHAR)
      continue;
    const int east_asian = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    width += east_asian == U_EA_WIDE || east_asian == U_EA_FULLWIDTH ? 2 : 1;
  }
  return width;
}

std::vector<char32_t> decode_utf8(std::string_view text) {
  std::vector<char32_t> points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const UChar32 c = next(text, at);
    points.push_back(c < 0 ? U'\uFFFD' : static_cast<char32_t>(c));
  }
  return points;
}

void append_utf8(std::string& text, char32_t code_point) {
  std::uint8_t bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  UBool failed = false;
  U8_APPEND(bytes, length, U8_MAX_LENGTH, static_cast<UChar32>(code_point), failed);
  if (failed)
    text += "\xEF\xBF\xBD";
  else
    text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

std::string visible(std::string_view text) { return visible(text, false); }
std::string visible_lines(std::string_view text) { return visible(text, true); }

}  // namespace llmops
