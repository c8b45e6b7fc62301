#include "prompts/template/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "datasets/text/utf8.h"

namespace llmops::jinja {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\v\f";

bool name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}
bool name_part(char c) { return name_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  at = text.find_first_not_of(kBlanks, at);
  return at == std::string_view::npos ? text.size() : at;
}

// The end of a string literal that opens at `at`, or npos.
std::size_t string_end(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == quote)
      return at + 1;
  }
  return std::string_view::npos;
}

// Where the tag that is open at `at` closes (its `}}` or `%}`), with strings and brackets skipped.
std::size_t find_close(std::string_view text, std::size_t at, std::string_view close) {
  int open = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      const std::size_t end = string_end(text, at);
      if (end == std::string_view::npos) return end;
      at = end;
      continue;
    }
    if (open == 0 && text.substr(at).starts_with(close)) return at;
    if (c == '{' || c == '(' || c == '[') ++open;
    if ((c == '}' || c == ')' || c == ']') && open > 0) --open;
    ++at;
  }
  return std::string_view::npos;
}

class Cutter {
 public:
  Cutter(std::string_view text, std::vector<LexError>& errors) : text_(text), errors_(errors) {}

  std::vector<Segment> run() {
    while (at_ < text_.size()) {
      const std::size_t open = next_delimiter(at_);
      add_text(at_, open, open < text_.size() && open + 2 < text_.size() && text_[open + 2] == '-',
               false);
      if (open >= text_.size()) break;
      if (!delimited(open)) return std::move(segments_);
    }
    return std::move(segments_);
  }

 private:
  std::size_t next_delimiter(std::size_t from) const {
    for (std::size_t at = text_.find('{', from); at != std::string_view::npos;
         at = text_.find('{', at + 1))
      if (at + 1 < text_.size() &&
          (text_[at + 1] == '{' || text_[at + 1] == '%' || text_[at + 1] == '#'))
        return at;
    return text_.size();
  }

  void add_text(std::size_t begin, std::size_t end, bool trim_right, bool raw) {
    if (trim_left_) begin = std::min(end, skip_blanks(text_, begin));
    trim_left_ = false;
    if (trim_right) {
      const std::size_t last = text_.substr(begin, end - begin).find_last_not_of(kBlanks);
      end = last == std::string_view::npos ? begin : begin + last + 1;
    }
    if (begin < end) segments_.push_back({Segment::Kind::text, begin, end, begin, end, raw});
  }

  bool error(std::size_t begin, std::size_t width, std::string what, std::string expected) {
    errors_.push_back({begin, width, std::move(what), std::move(expected), {}});
    return false;
  }

  // One tag, comment or raw block from its opening delimiter on; false where it never closes.
  bool delimited(std::size_t open) {
    const char kind = text_[open + 1];
    const std::string_view close = kind == '{' ? "}}" : kind == '%' ? "%}" : "#}";
    std::size_t inside = open + 2;
    if (inside < text_.size() && (text_[inside] == '-' || text_[inside] == '+')) ++inside;
    std::size_t end = kind == '#' ? std::string_view::npos : find_close(text_, inside, close);
    if (end == std::string_view::npos)
      end = text_.find(close, inside);  // an open quote or bracket: said later
    if (end == std::string_view::npos)
      return error(open, 2, fmt::format("`{}` is never closed", text_.substr(open, 2)),
                   fmt::format("expected `{}`", close));
    std::size_t inside_end = end;
    if (inside_end > inside && (text_[end - 1] == '-' || (text_[end - 1] == '+' && kind != '{')))
      --inside_end;
    trim_left_ = inside_end < end && text_[end - 1] == '-';
    at_ = end + 2;
    if (kind == '#') return true;
    if (kind == '%' && word(inside, inside_end) == "raw") return raw_block(open);
    segments_.push_back({kind == '{' ? Segment::Kind::output : Segment::Kind::statement, open, at_,
                         inside, inside_end, false});
    return true;
  }

  std::string_view word(std::size_t begin, std::size_t end) const {
    begin = skip_blanks(text_, begin);
    std::size_t stop = begin;
    while (stop < end && name_part(text_[stop])) ++stop;
    return skip_blanks(text_, stop) >= end ? text_.substr(begin, stop - begin) : std::string_view{};
  }

  bool raw_block(std::size_t open) {
    for (std::size_t tag = text_.find("{%", at_); tag != std::string_view::npos;
         tag = text_.find("{%", tag + 2)) {
      std::size_t inside = tag + 2;
      const bool trim_before = inside < text_.size() && text_[inside] == '-';
      if (inside < text_.size() && (text_[inside] == '-' || text_[inside] == '+')) ++inside;
      const std::size_t end = text_.find("%}", inside);
      if (end == std::string_view::npos) break;
      const bool signed_end = end > inside && (text_[end - 1] == '-' || text_[end - 1] == '+');
      if (word(inside, signed_end ? end - 1 : end) != "endraw") continue;
      add_text(at_, tag, trim_before, true);
      trim_left_ = signed_end && text_[end - 1] == '-';
      at_ = end + 2;
      return true;
    }
    return error(open, 2, "`{% raw %}` is never closed", "expected `{% endraw %}`");
  }

  std::string_view text_;
  std::vector<LexError>& errors_;
  std::vector<Segment> segments_;
  std::size_t at_ = 0;
  bool trim_left_ = false;
};

// The content of a string literal with Python's escapes resolved.
std::string unescape(std::string_view body) {
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\' || i + 1 >= body.size()) {
      out += body[i];
      continue;
    }
    const char c = body[++i];
    const std::size_t hex = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    switch (c) {
      case '\n':
        continue;
      case 'n':
        out += '\n';
        continue;
      case 't':
        out += '\t';
        continue;
      case 'r':
        out += '\r';
        continue;
      case 'a':
        out += '\a';
        continue;
      case 'b':
        out += '\b';
        continue;
      case 'f':
        out += '\f';
        continue;
      case 'v':
        out += '\v';
        continue;
      case '\\':
      case '\'':
      case '"':
        out += c;
        continue;
      default:
        break;
    }
    unsigned code_point = 0;
    const std::string_view digits = hex > 0 ? body.substr(i + 1, hex) : body.substr(i, 3);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code_point, hex > 0 ? 16 : 8);
    const auto used = static_cast<std::size_t>(end - digits.data());
    if (error == std::errc{} && (hex == 0 || used == hex) && code_point < 0x110000) {
      append_utf8(out, static_cast<char32_t>(code_point));
      i += hex > 0 ? hex : used - 1;
    } else {
      out += '\\';
      out += c;
    }
  }
  return out;
}

std::optional<Value> number(std::string_view source, bool real) {
  std::string digits;
  std::ranges::copy_if(source, std::back_inserter(digits), [](char c) { return c != '_'; });
  if (real) {
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return Value(value);
  }
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0' &&
      std::isalpha(static_cast<unsigned char>(digits[1])) != 0) {
    const char prefix = static_cast<char>(std::tolower(static_cast<unsigned char>(digits[1])));
    base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
    if (base == 0) return std::nullopt;
    digits.erase(0, 2);
  }
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return Value(value);
}

// The extent of a number: digits, then a fraction only where a digit follows the point, then an
// exponent.
std::size_t number_end(std::string_view text, std::size_t at, std::size_t end, bool& real) {
  const auto digit = [&](std::size_t i) {
    return i < end && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  const auto digits = [&] {
    while (digit(at) || (at < end && text[at] == '_' && digit(at + 1))) ++at;
  };
  if (text[at] == '0' && at + 1 < end &&
      std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0 && text[at + 1] != 'e' &&
      text[at + 1] != 'E') {
    while (at < end && name_part(text[at])) ++at;
    return at;
  }
  digits();
  if (at < end && text[at] == '.' && digit(at + 1)) {
    real = true;
    ++at;
    digits();
  }
  if (at < end && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t sign = at + 1 < end && (text[at + 1] == '+' || text[at + 1] == '-') ? 1 : 0;
    if (digit(at + 1 + sign)) {
      real = true;
      at += 1 + sign;
      digits();
    }
  }
  return at;
}

}  // namespace

std::vector<Segment> cut(std::string_view text, std::vector<LexError>& errors) {
  return Cutter(text, errors).run();
}

std::vector<Token> tokens(std::string_view text, std::size_t begin, std::size_t end,
                          std::vector<LexError>& errors) {
  constexpr std::array<std::string_view, 7> kLong = {"**", "//", "==", "!=", "<=", ">=", "~"};
  constexpr std::string_view kShort = "+-*/%[](){}=<>.:|,;";
  std::vector<Token> found;
  for (std::size_t at = skip_blanks(text, begin); at < end; at = skip_blanks(text, at)) {
    Token token;
    token.begin = at;
    const char c = text[at];
    std::size_t stop = at + 1;
    if (name_start(c)) {
      token.kind = Token::Kind::name;
      while (stop < end && name_part(text[stop])) ++stop;
    } else if (c == '"' || c == '\'') {
      token.kind = Token::Kind::text;
      stop = string_end(text, at);
      if (stop == std::string_view::npos || stop > end) {
        errors.push_back({at, 1, "a text that is never closed", fmt::format("expected {}", c), {}});
        break;
      }
      token.value = unescape(text.substr(at + 1, stop - at - 2));
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      bool real = false;
      stop = number_end(text, at, end, real);
      const std::optional<Value> value = number(text.substr(at, stop - at), real);
      if (!value) {
        errors.push_back({at,
                          stop - at,
                          fmt::format("`{}` is no number that fits", text.substr(at, stop - at)),
                          {},
                          {}});
        break;
      }
      token.kind = real ? Token::Kind::real : Token::Kind::integer;
      token.value = *value;
    } else {
      token.kind = Token::Kind::symbol;
      const auto symbol = std::ranges::find_if(
          kLong, [&](std::string_view s) { return text.substr(at, end - at).starts_with(s); });
      if (symbol != kLong.end()) {
        stop = at + symbol->size();
      } else if (kShort.find(c) == std::string_view::npos) {
        errors.push_back({at, 1, fmt::format("`{}` means nothing here", c), {}, {}});
        break;
      }
    }
    token.source = text.substr(at, stop - at);
    found.push_back(token);
    at = stop;
  }
  Token last;
  last.begin = end;
  found.push_back(last);
  return found;
}

}  // namespace llmops::jinja
