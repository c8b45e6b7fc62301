// sacrebleu runs substitutions one after another over the whole text. What they do to a run of k
// marks p1..pk between the characters c and d depends only on c, d and k, so one scan suffices:
//   (non-number)(mark) -> "\1 \2 ", then (mark)(non-number) -> " \1 \2", each left to right and
//   without overlaps, split between any two marks; before p1 where k > 1 or one of c, d is no
//   number; and after pk where d is no number, or where the pairs of the first substitution end on
//   pk, which they do for odd k after a c that is no number and for even k after a number.
// A missing c or d (start and end of a text that is not padded) matches nothing, as a number does.
#include "evaluators/metrics/text/bleu_tokenizers.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <array>
#include <cstdint>

#include "evaluators/metrics/text/western_blocks.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

enum class Kind : std::uint8_t {
  word,    // belongs to the token that is open
  number,  // the same; keeps marks beside it in the token
  space,
  symbol,  // always a token of its own
  mark,    // [.,] of 13a and zh, all punctuation of intl
  dash,    // a token of its own after a number (13a, zh)
  wide,    // first byte of a longer character, to be looked at
};

using Table = std::array<Kind, 256>;

constexpr Table spaces_and_wide() {
  Table table{};
  for (std::size_t c = 0; c < 256; ++c) {
    const bool space = c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
    table[c] = space ? Kind::space : c >= 0x80 ? Kind::wide : Kind::word;
  }
  return table;
}

constexpr void set(Table& table, std::string_view characters, Kind kind) {
  for (const char c : characters) table[static_cast<unsigned char>(c)] = kind;
}

constexpr Table western() {
  Table table = spaces_and_wide();
  set(table, "0123456789", Kind::number);
  set(table, "!\"#$%&()*+/:;<=>?@[\\]^_`{|}~", Kind::symbol);
  set(table, ".,", Kind::mark);
  set(table, "-", Kind::dash);
  return table;
}

constexpr Table international() {
  Table table = spaces_and_wide();
  set(table, "0123456789", Kind::number);
  set(table, "$+<=>^`|~", Kind::symbol);
  set(table, "!\"#%&'()*,-./:;?@[\\]_{}", Kind::mark);
  return table;
}

constexpr Table kWestern = western();
constexpr Table kInternational = international();

UChar32 code_point_at(std::string_view text, std::size_t at, std::size_t& bytes) {
  UChar32 c = 0;
  auto i = static_cast<std::int64_t>(at);
  const auto n = static_cast<std::int64_t>(text.size());
  const auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
  U8_NEXT(data, i, n, c);
  bytes = static_cast<std::size_t>(i) - at;
  return c;
}

struct V13a {
  static constexpr bool kPadded = true;
  static constexpr const Table& kTable = kWestern;
  static Kind wide(std::string_view text, std::size_t at, std::size_t& bytes) {
    const std::size_t space = space_at(text, at);
    bytes = space > 0 ? space : 1;
    return space > 0 ? Kind::space : Kind::word;
  }
};

struct Zh {
  static constexpr bool kPadded = false;
  static constexpr const Table& kTable = kWestern;
  // The reference writes two of its ranges (U+20000, U+2F800) with four-digit escapes, which makes
  // every character from U+2001 to U+2A6D Chinese and leaves out those that were meant.
  static bool chinese(UChar32 c) {
    return (c >= 0x3400 && c <= 0x4DB5) || (c >= 0x4E00 && c <= 0x9FA5) ||
           (c >= 0x9FA6 && c <= 0x9FBB) || (c >= 0xF900 && c <= 0xFA2D) ||
           (c >= 0xFA30 && c <= 0xFA6A) || (c >= 0xFA70 && c <= 0xFAD9) ||
           (c >= 0x2001 && c <= 0x2A6D) || (c >= 0xFF00 && c <= 0xFFEF) ||
           (c >= 0x2E80 && c <= 0x2EFF) || (c >= 0x3000 && c <= 0x303F) ||
           (c >= 0x31C0 && c <= 0x31EF) || (c >= 0x2F00 && c <= 0x2FDF) ||
           (c >= 0x2FF0 && c <= 0x2FFF) || (c >= 0x3100 && c <= 0x312F) ||
           (c >= 0x31A0 && c <= 0x31BF) || (c >= 0xFE10 && c <= 0xFE1F) ||
           (c >= 0xFE30 && c <= 0xFE4F) || (c >= 0x2600 && c <= 0x26FF) ||
           (c >= 0x2700 && c <= 0x27BF) || (c >= 0x3200 && c <= 0x32FF) ||
           (c >= 0x3300 && c <= 0x33FF);
  }
  static Kind wide(std::string_view text, std::size_t at, std::size_t& bytes) {
    const UChar32 c = code_point_at(text, at, bytes);
    if (c >= 0 && is_space(static_cast<char32_t>(c))) return Kind::space;
    return chinese(c) ? Kind::symbol : Kind::word;
  }
};

struct Intl {
  static constexpr bool kPadded = false;
  static constexpr const Table& kTable = kInternational;
  static Kind wide(std::string_view text, std::size_t at, std::size_t& bytes) {
    const UChar32 c = code_point_at(text, at, bytes);
    if (c < 0) return Kind::word;
    if (is_space(static_cast<char32_t>(c))) return Kind::space;
    const std::uint32_t category = U_GET_GC_MASK(c);
    if ((category & U_GC_N_MASK) != 0) return Kind::number;
    if ((category & U_GC_P_MASK) != 0) return Kind::mark;
    return (category & U_GC_S_MASK) != 0 ? Kind::symbol : Kind::word;
  }
};

template <typename Rules>
class Scanner {
 public:
  Scanner(std::string_view text, std::vector<std::string_view>& tokens)
      : text_(text), tokens_(tokens) {}

  void run() {
    std::size_t at = 0;
    while (at < text_.size()) {
      std::size_t bytes = 1;
      const Kind kind = kind_at(at, bytes);
      if (kind == Kind::word) {
        if (!open_) start(at);
        for (at += bytes; at < text_.size() && plain(at) == Kind::word;) ++at;
        after_number_ = false;
        first_ = false;
        continue;
      }
      if (kind == Kind::mark) {
        at = marks(at, bytes);
        continue;
      }
      if (kind == Kind::space) {
        close(at);
      } else if (kind == Kind::symbol || (kind == Kind::dash && after_number_)) {
        alone(at, bytes);
      } else if (!open_) {
        start(at);
      }
      after_number_ = kind == Kind::number;
      first_ = false;
      at += bytes;
    }
    close(at);
  }

 private:
  Kind plain(std::size_t at) const { return Rules::kTable[static_cast<unsigned char>(text_[at])]; }
  Kind kind_at(std::size_t at, std::size_t& bytes) const {
    bytes = 1;
    const Kind kind = plain(at);
    return kind == Kind::wide ? Rules::wide(text_, at, bytes) : kind;
  }
  void start(std::size_t at) {
    begin_ = at;
    open_ = true;
  }
  void close(std::size_t at) {
    if (open_) tokens_.push_back(text_.substr(begin_, at - begin_));
    open_ = false;
  }
  void alone(std::size_t at, std::size_t bytes) {
    close(at);
    tokens_.push_back(text_.substr(at, bytes));
  }

  // A run of marks from `at` on, the first of them `bytes` long; returns where it ends.
  std::size_t marks(std::size_t at, std::size_t bytes) {
    const bool left = first_ ? Rules::kPadded : !after_number_;
    std::size_t count = 1;
    std::size_t last = at;
    std::size_t last_bytes = bytes;
    std::size_t end = at + bytes;
    bool right = Rules::kPadded;
    while (end < text_.size()) {
      const Kind next = kind_at(end, bytes);
      right = next != Kind::number;
      if (next != Kind::mark) break;
      right = Rules::kPadded;
      if (count == 1) close(at);
      tokens_.push_back(text_.substr(last, last_bytes));
      last = end;
      last_bytes = bytes;
      end += bytes;
      ++count;
    }
    if (right || left == (count % 2 == 1)) {
      alone(last, last_bytes);
    } else if (!open_) {
      start(last);
    }
    after_number_ = false;
    first_ = false;
    return end;
  }

  std::string_view text_;
  std::vector<std::string_view>& tokens_;
  std::size_t begin_ = 0;
  bool open_ = false;
  bool after_number_ = false;
  bool first_ = true;
};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  std::size_t from = text.find(what);
  if (from == std::string::npos) return;
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  for (; from != std::string::npos; from = text.find(what, done)) {
    out.append(text, done, from - done).append(with);
    done = from + what.size();
  }
  text = out.append(text, done);
}

// What 13a rewrites before it splits, in its order; the text itself where there is nothing to do.
std::string_view rewrite_13a(std::string_view text, std::string& buffer) {
  const bool entities = text.find('&') != std::string_view::npos;
  const bool skipped = text.find("<skipped>") != std::string_view::npos;
  if (!entities && !skipped && text.find("-\n") == std::string_view::npos) return text;
  buffer = text;
  replace_all(buffer, "<skipped>", "");
  replace_all(buffer, "-\n", "");
  if (entities) {
    replace_all(buffer, "&quot;", "\"");
    replace_all(buffer, "&amp;", "&");
    replace_all(buffer, "&lt;", "<");
    replace_all(buffer, "&gt;", ">");
  }
  return buffer;
}

void split_characters(std::string_view text, std::vector<std::string_view>& tokens) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t bytes = space_at(text, at);
    if (bytes == 0) {
      code_point_at(text, at, bytes);
      tokens.push_back(text.substr(at, bytes));
    }
    at += bytes;
  }
}

constexpr std::string_view kNames[] = {"13a", "intl", "zh", "char", "none"};

}  // namespace

std::string_view name(BleuTokenizer tokenizer) {
  return kNames[static_cast<std::size_t>(tokenizer)];
}

std::optional<BleuTokenizer> bleu_tokenizer(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (kNames[i] == name) return static_cast<BleuTokenizer>(i);
  return std::nullopt;
}

void tokenize(BleuTokenizer tokenizer, std::string_view text, std::string& buffer,
              std::vector<std::string_view>& tokens) {
  switch (tokenizer) {
    case BleuTokenizer::v13a:
      return split_western(rewrite_13a(text, buffer), tokens);
    case BleuTokenizer::intl:
      return Scanner<Intl>(text, tokens).run();
    case BleuTokenizer::zh:
      return Scanner<Zh>(strip(text), tokens).run();
    case BleuTokenizer::chars:
      return split_characters(text, tokens);
    case BleuTokenizer::none:
      return split_words(text, tokens);
  }
}

void split_western(std::string_view text, std::vector<std::string_view>& tokens) {
  if (!split_western_blocks(text, tokens)) Scanner<V13a>(text, tokens).run();
}

}  // namespace llmops
