#include "evaluators/encoder/wordpiece.h"

#include <algorithm>

#include "evaluators/encoder/unicode.h"

namespace llmops {
namespace {

constexpr std::size_t kLongestWord = 100;  // code points; longer words are unknown

class WordPiece final : public TextModel {
 public:
  WordPiece(TokenVocabulary vocabulary, WordPieceOptions options)
      : vocabulary_(std::move(vocabulary)), options_(std::move(options)) {
    unknown_ = vocabulary_.find(options_.unknown).value_or(0);
    for (const std::string& word : options_.special) special_.push_back(to_utf32(word));
  }

  std::optional<TokenId> find(std::string_view token) const override {
    return vocabulary_.find(token);
  }
  std::size_t size() const override { return vocabulary_.size(); }
  TokenId highest_id() const override { return vocabulary_.highest_id(); }

  void append(std::string_view text, TokenIds& ids) const override {
    const std::u32string cleaned = nfc(clean(to_utf32(text)));
    for_each_word(cleaned, [&](std::u32string word) {
      if (std::ranges::find(special_, word) != special_.end()) return append_word(word, ids);
      if (options_.lower) word = lowered(word);
      if (options_.strip_accents) word = without_accents(word);
      append_split(word, ids);
    });
  }

 private:
  std::u32string clean(const std::u32string& text) const {
    std::u32string out;
    out.reserve(text.size());
    for (const char32_t c : text) {
      if (c == '\t' || c == '\n' || c == '\r' || space_separator(c)) {
        out += U' ';
      } else if (c == 0 || c == 0xFFFD || other_category(c)) {
        continue;
      } else if (options_.split_ideographs && cjk_ideograph(c)) {
        out += {U' ', c, U' '};
      } else {
        out += c;
      }
    }
    return out;
  }

  template <typename Visit>
  static void for_each_word(std::u32string_view text, Visit visit) {
    for (std::size_t at = 0; at < text.size();) {
      if (python_space(text[at])) {
        ++at;
        continue;
      }
      const std::size_t start = at;
      while (at < text.size() && !python_space(text[at])) ++at;
      visit(std::u32string(text.substr(start, at - start)));
    }
  }

  static std::u32string lowered(std::u32string_view word) {
    std::u32string out;
    for (const char32_t c : word) append_lower(out, c);
    return out;
  }

  static std::u32string without_accents(const std::u32string& word) {
    std::u32string out = nfd(word);
    std::erase_if(out, nonspacing_mark);
    return out;
  }

  // Each punctuation character is a word of its own.
  void append_split(std::u32string_view word, TokenIds& ids) const {
    std::size_t start = 0;
    for (std::size_t at = 0; at <= word.size(); ++at) {
      if (at < word.size() && !bert_punctuation(word[at])) continue;
      if (at > start) append_word(word.substr(start, at - start), ids);
      if (at < word.size()) append_word(word.substr(at, 1), ids);
      start = at + 1;
    }
  }

  void append_word(std::u32string_view word, TokenIds& ids) const {
    // Normalisation may leave white space inside a word; the reference splits there again.
    if (std::ranges::any_of(word, python_space))
      return for_each_word(word, [&](const std::u32string& part) { append_word(part, ids); });
    if (word.size() > kLongestWord) {
      ids.push_back(unknown_);
      return;
    }
    const std::size_t before = ids.size();
    std::string piece;
    for (std::size_t start = 0; start < word.size();) {
      std::size_t end = word.size();
      std::optional<TokenId> found;
      for (; end > start; --end) {
        piece = (start > 0 ? "##" : "") + to_utf8(word.substr(start, end - start));
        if ((found = vocabulary_.find(piece))) break;
      }
      if (!found) {
        ids.resize(before);
        ids.push_back(unknown_);
        return;
      }
      ids.push_back(*found);
      start = end;
    }
  }

  TokenVocabulary vocabulary_;
  WordPieceOptions options_;
  std::vector<std::u32string> special_;
  TokenId unknown_ = 0;
};

}  // namespace

std::unique_ptr<TextModel> make_wordpiece(TokenVocabulary vocabulary, WordPieceOptions options) {
  return std::make_unique<WordPiece>(std::move(vocabulary), std::move(options));
}

}  // namespace llmops
