// Counted on prose in several languages and on code with the cl100k vocabulary: a word of up to six
// ASCII letters is mostly one token with the blank before it, each further four letters one more;
// three digits are one; a mark is one, runs of one mark less; other alphabets take about a token
// for two letters, ideographs about one each.
#include <algorithm>

#include "datasets/text/utf8.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {
namespace {

enum class Kind { letter, digit, blank, line_break, mark, wide_letter, ideograph };

Kind kind_of(char32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return Kind::letter;
  if (c >= '0' && c <= '9') return Kind::digit;
  if (c == '\n' || c == '\r') return Kind::line_break;
  if (c == ' ' || c == '\t') return Kind::blank;
  if (c < 0x80) return Kind::mark;
  if (c >= 0x2E80) return Kind::ideograph;
  return Kind::wide_letter;
}

class Estimate final : public TokenCounter {
 public:
  std::size_t count(std::string_view text) const override {
    double tokens = 0;
    const std::vector<char32_t> decoded = decode_utf8(text);
    for (std::size_t i = 0; i < decoded.size();) {
      const Kind kind = kind_of(decoded[i]);
      std::size_t end = i + 1;
      while (end < decoded.size() && kind_of(decoded[end]) == kind) ++end;
      const auto length = static_cast<double>(end - i);
      switch (kind) {
        case Kind::letter:
          tokens += 1 + std::max(0.0, length - 6) / 4;
          break;
        case Kind::digit:
          tokens += (length + 2) / 3;
          break;
        case Kind::blank:
          tokens += length > 1 ? 1 : 0;
          break;  // one blank belongs to the word behind it
        case Kind::line_break:
          tokens += 1;
          break;
        case Kind::mark:
          tokens += 1 + (length - 1) / 2;
          break;
        case Kind::wide_letter:
          tokens += length / 2;
          break;
        case Kind::ideograph:
          tokens += length;
          break;
      }
      i = end;
    }
    return text.empty() ? 0 : std::max<std::size_t>(1, static_cast<std::size_t>(tokens + 0.5));
  }
  std::string name() const override { return "estimate"; }
  bool estimated() const override { return true; }
};

}  // namespace

const TokenCounter& token_estimate() {
  static const Estimate kEstimate;
  return kEstimate;
}

}  // namespace llmops
