// White space is what YAML folds, strips and indents; everything else stands in the file in the
// same order as in the value, escapes of quoted scalars apart. So the bytes that are no white space
// are counted on both sides.
#include "prompts/template/place.h"

#include <charconv>

namespace llmops {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t utf8_length(unsigned code_point) {
  return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

struct Piece {
  std::size_t source_bytes = 1;
  std::size_t solid_bytes = 0;  // bytes of the value that are no white space
};

// An escape of a double-quoted scalar (YAML 1.2.2, section 5.7), from its backslash on.
Piece escape(std::string_view rest) {
  if (rest.size() < 2) return {1, 1};
  const std::size_t digits = rest[1] == 'x' ? 2 : rest[1] == 'u' ? 4 : rest[1] == 'U' ? 8 : 0;
  if (digits > 0) {
    unsigned code_point = 0;
    const std::string_view hex = rest.substr(2, digits);
    std::from_chars(hex.data(), hex.data() + hex.size(), code_point, 16);
    const bool blank = code_point < 0x80 && is_blank(static_cast<char>(code_point));
    return {2 + hex.size(), blank ? 0 : utf8_length(code_point)};
  }
  switch (rest[1]) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case 't':
    case 'n':
    case 'r':
      return {2, 0};
    case 'N':
    case '_':
      return {2, 2};
    case 'L':
    case 'P':
      return {2, 3};
    default:
      return {2, 1};
  }
}

// The first byte of the scalar's content, and how it is quoted ('"', '\'' or 0).
struct Opening {
  std::size_t at = 0;
  char quote = 0;
};

Opening open_scalar(std::string_view source, std::size_t at) {
  while (at < source.size() && (source[at] == '&' || source[at] == '!')) {  // anchor and tag
    while (at < source.size() && !is_blank(source[at])) ++at;
    while (at < source.size() && is_blank(source[at])) ++at;
  }
  if (at >= source.size()) return {at, 0};
  if (source[at] == '"' || source[at] == '\'') return {at + 1, source[at]};
  if (source[at] == '|' || source[at] == '>') {  // the header's line holds no content
    const std::size_t end = source.find('\n', at);
    return {end == std::string_view::npos ? source.size() : end + 1, 0};
  }
  return {at, 0};
}

}  // namespace

Mark place_in_source(const Source& source, Mark start, std::string_view text, std::size_t offset) {
  const std::string_view whole = source.text();
  if (start.line == 0) return start;
  if (text == whole) return source.mark_of(offset);
  const std::string_view line = source.line(start.line);
  std::size_t at = static_cast<std::size_t>(line.data() - whole.data());
  for (std::uint32_t column = 1; column < start.column && at < whole.size(); ++column) do
      ++at;
    while (at < whole.size() && (static_cast<unsigned char>(whole[at]) & 0xC0) == 0x80);

  offset = offset < text.size() ? offset : text.size();
  std::size_t solid = 0;
  for (const char c : text.substr(0, offset)) solid += is_blank(c) ? 0 : 1;
  const bool wants_solid = offset < text.size() && !is_blank(text[offset]);

  const Opening opening = open_scalar(whole, at);
  at = opening.at;
  std::size_t behind = at;  // just behind the last solid byte
  for (std::size_t seen = 0; at < whole.size();) {
    const char c = whole[at];
    if (seen == solid && !wants_solid) return source.mark_of(behind);
    if (is_blank(c)) {
      ++at;
      continue;
    }
    Piece piece{1, 1};
    if (opening.quote == '"' && c == '\\')
      piece = escape(whole.substr(at));
    else if (opening.quote == '\'' && c == '\'')
      piece = {2, 1};
    if (piece.solid_bytes > 0 && seen + piece.solid_bytes > solid) {
      const bool same = piece.source_bytes > 1 || !wants_solid || c == text[offset];
      return same ? source.mark_of(at) : start;
    }
    seen += piece.solid_bytes;
    at += piece.source_bytes;
    behind = at;
  }
  return offset == text.size() ? source.mark_of(behind) : start;
}

}  // namespace llmops
