// A recursive descent over the bytes. Marks are found by a cursor that walks along behind the
// parser, so that a document without them costs nothing, and one with them a single pass more.
#include "datasets/text/json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

constexpr int kDeepest = 200;

// True for bytes that stand for themselves inside a string: all of ASCII but `"`, `\` and controls.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool digit(char c) { return c >= '0' && c <= '9'; }
bool word_letter(char c) {
  return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Parser {
 public:
  // `marks_from` is the line of the first byte; 0: no marks.
  Parser(std::string_view text, std::size_t from, std::size_t marks_from)
      : begin_(text.data()),
        at_(text.data() + from),
        end_(text.data() + text.size()),
        marks_(marks_from > 0),
        cursor_(begin_),
        mark_{static_cast<std::uint32_t>(marks_from), 1} {}

  bool document(Value& root) {
    blanks();
    if (at_ == end_) return fail(at_, "the text is empty", "expected a value");
    if (!value(root, 0)) return false;
    blanks();
    return at_ == end_ || fail(at_, "more text after the value", "expected the end");
  }

  std::size_t problem_byte() const { return static_cast<std::size_t>(problem_at_ - begin_); }
  const std::string& what() const { return what_; }
  const std::string& expected() const { return expected_; }
  const std::string& help() const { return help_; }

 private:
  void blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  Mark mark_at(const char* place) {
    for (; cursor_ < place; ++cursor_) {
      if (*cursor_ == '\n') {
        ++mark_.line;
        mark_.column = 1;
      } else if ((static_cast<unsigned char>(*cursor_) & 0xC0) != 0x80) {
        ++mark_.column;
      }
    }
    return mark_;
  }

  bool fail(const char* place, std::string what, std::string expected = "", std::string help = "") {
    problem_at_ = place;
    what_ = std::move(what);
    expected_ = std::move(expected);
    help_ = std::move(help);
    return false;
  }

  // Names what stands at `at_` where something else was expected.
  bool unexpected(std::string expected, std::string help = "") {
    if (at_ == end_)
      return fail(at_, "the text ends too early", std::move(expected), std::move(help));
    const char* stop = at_;
    while (stop != end_ && word_letter(*stop) && stop - at_ < 20) ++stop;
    std::string found(at_, stop);
    if (found.empty()) found = code_point_slice({at_, static_cast<std::size_t>(end_ - at_)}, 0, 1);
    return fail(at_, fmt::format("unexpected `{}`", found), std::move(expected), std::move(help));
  }

  bool value(Value& out, int depth) {
    if (marks_) out.at(mark_at(at_));
    switch (*at_) {
      case '"': {
        std::string text;
        if (!string(text)) return false;
        return set(out, std::move(text));
      }
      case '{':
        return object(out, depth);
      case '[':
        return list(out, depth);
      case 't':
        return literal("true", out, true);
      case 'f':
        return literal("false", out, false);
      case 'n':
        return literal("null", out, nullptr);
      default:
        break;
    }
    if (*at_ == '-' || digit(*at_)) return number(out);
    return unexpected("expected a value", cure());
  }

  template <typename Content>
  bool set(Value& out, Content&& content) {
    const Mark mark = out.mark();
    out = Value(std::forward<Content>(content));
    out.at(mark);
    return true;
  }

  // What other languages write where JSON has another word.
  std::string cure() const {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (rest.starts_with('\'')) return "texts stand in double quotes";
    if (rest.starts_with("NaN") || rest.starts_with("Infinity") || rest.starts_with("None") ||
        rest.starts_with("undefined"))
      return "write null";
    if (rest.starts_with("True")) return "write true";
    if (rest.starts_with("False")) return "write false";
    return "";
  }

  template <typename Content>
  bool literal(std::string_view word, Value& out, Content content) {
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    if (!rest.starts_with(word) || (rest.size() > word.size() && word_letter(rest[word.size()])))
      return unexpected("expected a value");
    at_ += word.size();
    return set(out, content);
  }

  bool object(Value& out, int depth) {
    if (depth >= kDeepest) return too_deep();
    set(out, Object{});
    Object& members = *out.object();
    ++at_;
    blanks();
    if (at_ != end_ && *at_ == '}') return ++at_, true;
    members.reserve(4);
    for (;;) {
      if (at_ == end_ || *at_ != '"')
        return unexpected("expected a name in double quotes",
                          at_ != end_ && *at_ == '}' ? "remove the comma before it" : "");
      const Mark key_mark = marks_ ? mark_at(at_) : Mark{};
      std::string key;
      if (!string(key)) return false;
      blanks();
      if (at_ == end_ || *at_ != ':') return unexpected("expected `:`");
      ++at_;
      blanks();
      if (at_ == end_) return unexpected("expected a value");
      Value& member = members.add(std::move(key), Value());
      if (marks_) std::prev(members.end())->key_mark = key_mark;
      if (!value(member, depth + 1)) return false;
      blanks();
      if (at_ != end_ && *at_ == '}') return ++at_, true;
      if (at_ == end_ || *at_ != ',') return unexpected("expected `,` or `}`");
      ++at_;
      blanks();
    }
  }

  bool list(Value& out, int depth) {
    if (depth >= kDeepest) return too_deep();
    set(out, List{});
    List& items = *out.list();
    ++at_;
    blanks();
    if (at_ != end_ && *at_ == ']') return ++at_, true;
    for (;;) {
      if (at_ == end_) return unexpected("expected a value");
      if (*at_ == ']') return unexpected("expected a value", "remove the comma before it");
      if (!value(items.emplace_back(), depth + 1)) return false;
      blanks();
      if (at_ != end_ && *at_ == ']') return ++at_, true;
      if (at_ == end_ || *at_ != ',') return unexpected("expected `,` or `]`");
      ++at_;
      blanks();
    }
  }

  bool too_deep() { return fail(at_, fmt::format("nested deeper than {} levels", kDeepest)); }

  bool string(std::string& out) {
    const char* open = at_++;
    for (;;) {
      const char* run = at_;
      while (at_ != end_ && kPlain[static_cast<unsigned char>(*at_)]) ++at_;
      out.append(run, at_);
      if (at_ == end_) return fail(open, "a text that does not end", "expected a closing `\"`");
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (!escape(out)) return false;
      } else if (c < 0x20) {
        return fail(at_, fmt::format("a bare control character U+{:04X} inside a text", c),
                    fmt::format("expected {}", c == '\n'   ? "`\\n`"
                                               : c == '\t' ? "`\\t`"
                                                           : fmt::format("`\\u{:04x}`", c)),
                    c == '\n' ? "is the closing quote missing?" : "");
      } else {
        const std::size_t length = utf8_length({at_, static_cast<std::size_t>(end_ - at_)});
        if (length == 0)
          return fail(at_, fmt::format("byte 0x{:02X} is not valid UTF-8", c),
                      "expected a text in UTF-8");
        out.append(at_, length);
        at_ += length;
      }
    }
  }

  bool escape(std::string& out) {
    const char* start = at_++;
    if (at_ == end_) return fail(start, "a text that does not end", "expected a closing `\"`");
    switch (*at_++) {
      case '"':
        out += '"';
        return true;
      case '\\':
        out += '\\';
        return true;
      case '/':
        out += '/';
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        break;
      default:
        return fail(start, "an unknown escape inside a text",
                    R"(expected one of: \" \\ \/ \b \f \n \r \t \uXXXX)",
                    R"(a backslash itself is written \\)");
    }
    unsigned unit = 0;
    if (!hex4(unit)) return fail(start, "an escape without its four digits", R"(expected \uXXXX)");
    char32_t point = unit;
    if (unit >= 0xD800 && unit < 0xE000) {
      unsigned low = 0;
      const bool pair = unit < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u' &&
                        (at_ += 2, hex4(low)) && low >= 0xDC00 && low < 0xE000;
      if (!pair)
        return fail(start, "half of a surrogate pair", R"(expected a pair such as \ud83d\ude00)");
      point = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, point);
    return true;
  }

  bool hex4(unsigned& unit) {
    if (end_ - at_ < 4) return false;
    const auto [stop, error] = std::from_chars(at_, at_ + 4, unit, 16);
    if (error != std::errc{} || stop != at_ + 4) return false;
    at_ += 4;
    return true;
  }

  bool number(Value& out) {
    const char* start = at_;
    if (*at_ == '-') ++at_;
    const char* digits = at_;
    while (at_ != end_ && digit(*at_)) ++at_;
    if (at_ == digits) return unexpected("expected a digit after `-`");
    if (*digits == '0' && at_ - digits > 1) {
      at_ = start;
      return unexpected("expected a number without leading zeros",
                        "a text such as \"007\" stands in quotes");
    }
    bool whole = true;
    if (at_ != end_ && *at_ == '.') {
      whole = false;
      const char* fraction = ++at_;
      while (at_ != end_ && digit(*at_)) ++at_;
      if (at_ == fraction) return unexpected("expected a digit after `.`");
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      whole = false;
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      const char* exponent = at_;
      while (at_ != end_ && digit(*at_)) ++at_;
      if (at_ == exponent) return unexpected("expected a digit in the exponent");
    }
    if (at_ != end_ && word_letter(*at_)) return unexpected("expected the end of a number");
    std::int64_t integer = 0;
    if (whole && std::from_chars(start, at_, integer).ec == std::errc{}) return set(out, integer);
    double real = 0;
    if (std::from_chars(start, at_, real).ec != std::errc{})
      real = std::strtod(std::string(start, at_).c_str(), nullptr);
    if (!std::isfinite(real))
      return fail(start, "number out of range", "expected a number up to 1.8e308");
    return set(out, real);
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  bool marks_;
  const char* cursor_;
  Mark mark_;
  const char* problem_at_ = nullptr;
  std::string what_, expected_, help_;
};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

Result<Value> parse_json_at(std::string_view text, std::size_t from, std::string_view file,
                            std::size_t line, bool marks) {
  Parser parser(text, from, marks ? line : 0);
  Value root;
  if (parser.document(root)) return root;
  const Source source{std::string(file), std::string(text)};
  Diagnostic found =
      source.problem(source.mark_of(parser.problem_byte()), "not valid JSON: " + parser.what(),
                     parser.expected(), parser.help());
  found.line += line - 1;
  return found;
}

Result<Value> parse_json(std::string_view text, std::string_view file, std::size_t line) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return parse_json_at(text, 0, file, line, false);
}

Result<Value> parse_json(const Source& source) {
  return parse_json_at(source.text(), 0, source.file(), 1, true);
}

}  // namespace llmops
