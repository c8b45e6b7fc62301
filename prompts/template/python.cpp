#include "prompts/template/python.h"

#include <fmt/format.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "datasets/text/utf8.h"

namespace llmops::python {
namespace {

// Length of the code point at the start of `text`; 1 where the bytes are broken.
std::size_t step(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xC0   ? 1
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF8 ? 4
                                           : 1;
  if (length > text.size()) return 1;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 1;
  return length;
}

char32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  switch (character.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1FU) << 6 | (byte(1) & 0x3FU);
    case 3:
      return (byte(0) & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    default:
      break;
  }
  return (byte(0) & 0x07U) << 18 | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6 |
         (byte(3) & 0x3FU);
}

bool is_line_break(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

// str.isprintable() of one character, by general category.
bool printable(char32_t c) {
  if (c == ' ') return true;
  const std::uint32_t category = U_MASK(u_charType(static_cast<UChar32>(c)));
  return (category & (U_GC_C_MASK | U_GC_Z_MASK)) == 0;
}

void append_text_repr(std::string_view text, std::string& out) {
  const char quote =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"'
                                                                                            : '\'';
  out += quote;
  for (const std::string_view character : characters(text)) {
    const char32_t c = code_point(character);
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (printable(c)) {
      out += character;
    } else if (c < 0x100) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(c));
    } else if (c < 0x10000) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      fmt::format_to(std::back_inserter(out), "\\U{:08x}", static_cast<unsigned>(c));
    }
  }
  out += quote;
}

void json_text(std::string_view text, std::string& out) {
  const auto unit = [&](unsigned value) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", value);
  };
  out += '"';
  for (const char32_t c : decode_utf8(text)) {
    switch (c) {
      case '"':
        out += "\\\"";
        continue;
      case '\\':
        out += "\\\\";
        continue;
      case '\n':
        out += "\\n";
        continue;
      case '\r':
        out += "\\r";
        continue;
      case '\t':
        out += "\\t";
        continue;
      case '\b':
        out += "\\b";
        continue;
      case '\f':
        out += "\\f";
        continue;
      default:
        break;
    }
    if (c < 0x20 || (c > 0x7E && c < 0x10000) || c == '<' || c == '>' || c == '&' || c == '\'') {
      unit(static_cast<unsigned>(c));
    } else if (c >= 0x10000) {
      unit(0xD800U + ((c - 0x10000U) >> 10));
      unit(0xDC00U + ((c - 0x10000U) & 0x3FFU));
    } else {
      out += static_cast<char>(c);
    }
  }
  out += '"';
}

void json(const Value& value, int indent, int depth, std::string& out) {
  const auto new_line = [&](int level) {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(indent * level), ' ');
  };
  const std::string_view comma = indent < 0 ? ", " : ",";
  if (value.is_null()) {
    out += "null";
  } else if (const bool* truth_value = value.boolean()) {
    out += *truth_value ? "true" : "false";
  } else if (value.is_number()) {
    append_str(value, out);
  } else if (const std::string* text = value.string()) {
    json_text(*text, out);
  } else if (const List* items = value.list()) {
    out += '[';
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (i > 0) out += comma;
      new_line(depth + 1);
      json((*items)[i], indent, depth + 1, out);
    }
    if (!items->empty()) new_line(depth);
    out += ']';
  } else {
    std::vector<const Member*> members;
    for (const Member& member : *value.object()) members.push_back(&member);
    std::ranges::sort(members, {},
                      [](const Member* member) -> const std::string& { return member->key; });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += comma;
      new_line(depth + 1);
      json_text(members[i]->key, out);
      out += ": ";
      json(members[i]->value, indent, depth + 1, out);
    }
    if (!members.empty()) new_line(depth);
    out += '}';
  }
}

}  // namespace

std::string float_repr(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  // Python writes an exponent below 1e-4 and from 1e16 on.
  const double size = std::abs(number);
  const bool exponent = size != 0 && (size < 1e-4 || size >= 1e16);
  char buffer[64];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, number,
                    exponent ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer, end);
  if (!exponent && text.find('.') == std::string::npos) text += ".0";
  return text;
}

void append_str(const Value& value, std::string& out) {
  if (const std::string* text = value.string())
    out += *text;
  else
    append_repr(value, out);
}

std::string str(const Value& value) {
  std::string out;
  append_str(value, out);
  return out;
}

void append_repr(const Value& value, std::string& out) {
  if (value.is_null()) {
    out += "None";
  } else if (const bool* truth_value = value.boolean()) {
    out += *truth_value ? "True" : "False";
  } else if (const std::int64_t* whole = value.integer()) {
    fmt::format_to(std::back_inserter(out), "{}", *whole);
  } else if (value.is_number()) {
    out += float_repr(value.number());
  } else if (const std::string* text = value.string()) {
    append_text_repr(*text, out);
  } else if (const List* items = value.list()) {
    out += '[';
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (i > 0) out += ", ";
      append_repr((*items)[i], out);
    }
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const Member& member : *value.object()) {
      if (!first) out += ", ";
      first = false;
      append_text_repr(member.key, out);
      out += ": ";
      append_repr(member.value, out);
    }
    out += '}';
  }
}

bool truth(const Value& value) {
  if (value.is_null()) return false;
  if (const bool* truth_value = value.boolean()) return *truth_value;
  if (value.is_number()) return value.number() != 0;
  if (const std::string* text = value.string()) return !text->empty();
  if (const List* items = value.list()) return !items->empty();
  return !value.object()->empty();
}

bool is_numeric(const Value& value) { return value.is_number() || value.is_bool(); }

std::optional<std::int64_t> as_integer(const Value& value) {
  if (const bool* truth_value = value.boolean()) return *truth_value ? 1 : 0;
  if (const std::int64_t* whole = value.integer()) return *whole;
  return std::nullopt;
}

double as_double(const Value& value) {
  if (const bool* truth_value = value.boolean()) return *truth_value ? 1 : 0;
  return value.number();
}

bool equal(const Value& a, const Value& b) {
  if (is_numeric(a) && is_numeric(b)) {
    const auto x = as_integer(a);
    const auto y = as_integer(b);
    return x && y ? *x == *y : as_double(a) == as_double(b);
  }
  if (const List* items = a.list()) {
    const List* others = b.list();
    return others != nullptr && std::ranges::equal(*items, *others, equal);
  }
  if (const Object* members = a.object()) {
    const Object* others = b.object();
    if (others == nullptr || members->size() != others->size()) return false;
    return std::all_of(members->begin(), members->end(), [&](const Member& member) {
      const Value* theirs = others->find(member.key);
      return theirs != nullptr && equal(member.value, *theirs);
    });
  }
  if (a.is_string() && b.is_string()) return *a.string() == *b.string();
  return a.is_null() && b.is_null();
}

std::optional<std::partial_ordering> order(const Value& a, const Value& b) {
  if (is_numeric(a) && is_numeric(b)) {
    const auto x = as_integer(a);
    const auto y = as_integer(b);
    if (x && y) return *x <=> *y;
    return as_double(a) <=> as_double(b);
  }
  if (a.is_string() && b.is_string())
    return std::string_view(*a.string()) <=> std::string_view(*b.string());
  if (a.is_list() && b.is_list()) {
    const List& left = *a.list();
    const List& right = *b.list();
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
      if (equal(left[i], right[i])) continue;
      return order(left[i], right[i]);
    }
    return left.size() <=> right.size();
  }
  return std::nullopt;
}

std::string tojson(const Value& value, int indent) {
  std::string out;
  json(value, indent, 0, out);
  return out;
}

std::string upper(std::string_view text) {
  std::string out;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())))
      .toUpper(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

// str.isspace(): the bidirectional types WS, B and S, and category Zs.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool word_character(std::string_view character) {
  const char32_t c = code_point(character);
  return c == '_' ||
         (U_MASK(u_charType(static_cast<UChar32>(c))) & (U_GC_L_MASK | U_GC_N_MASK)) != 0;
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t length = step(text);
    parts.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return parts;
}

std::string_view strip(std::string_view text, std::string_view wanted, Side side) {
  const std::vector<std::string_view> set = characters(wanted);
  const auto goes = [&](std::string_view character) {
    return set.empty() ? is_space(code_point(character))
                       : std::ranges::find(set, character) != set.end();
  };
  if (side != Side::right)
    while (!text.empty() && goes(text.substr(0, step(text)))) text.remove_prefix(step(text));
  if (side == Side::left) return text;
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 &&
           (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
      --start;
    if (start + step(text.substr(start)) != text.size()) start = text.size() - 1;
    if (!goes(text.substr(start))) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = step(text.substr(at));
    const char32_t c = code_point(text.substr(at, length));
    if (!is_line_break(c)) {
      at += length;
      continue;
    }
    lines.push_back(text.substr(start, at - start));
    at += length;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    start = at;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t start = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = step(text.substr(at));
    if (is_space(code_point(text.substr(at, length)))) {
      if (at > start) words.push_back(text.substr(start, at - start));
      start = at + length;
    }
    at += length;
  }
  if (at > start) words.push_back(text.substr(start));
  return words;
}

std::size_t weight(const Value& value) {
  if (const std::string* text = value.string()) return 1 + text->size() / 32;
  std::size_t sum = 1;
  if (const List* items = value.list())
    for (const Value& item : *items) sum += weight(item);
  if (const Object* members = value.object())
    for (const Member& member : *members) sum += weight(member.value) + 1 + member.key.size() / 32;
  return sum;
}

}  // namespace llmops::python
