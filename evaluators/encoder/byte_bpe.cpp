// Merging keeps the word as a linked list of symbols and a heap of pairs: the pair of the lowest
// rank is merged wherever it stands, left to right, before any pair that these merges made.
#include "evaluators/encoder/byte_bpe.h"

#include <array>
#include <cstdint>
#include <queue>
#include <unordered_map>

#include "datasets/text/utf8.h"
#include "evaluators/encoder/unicode.h"

namespace llmops {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

// GPT-2's printable stand-in for each byte.
std::array<std::string, 256> byte_signs() {
  std::array<std::string, 256> signs;
  char32_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    append_utf8(signs[byte], printable ? char32_t{byte} : next++);
  }
  return signs;
}

struct Rule {
  std::uint32_t rank;
  std::uint32_t merged;  // symbol
};

class ByteBpe final : public TextModel {
 public:
  ByteBpe(TokenVocabulary vocabulary, const Merges& merges, TokenId unknown)
      : vocabulary_(std::move(vocabulary)), unknown_(unknown) {
    const std::array<std::string, 256> signs = byte_signs();
    symbols_.reserve(merges.size() + signs.size());
    rules_.reserve(merges.size());
    for (std::size_t byte = 0; byte < 256; ++byte) byte_symbols_[byte] = symbol(signs[byte]);
    for (std::uint32_t rank = 0; rank < merges.size(); ++rank) {
      const auto& [left, right] = merges[rank];
      const std::uint32_t first = symbol(left), second = symbol(right);
      rules_.insert_or_assign(key(first, second), Rule{rank, symbol(left + right)});
    }
  }

  std::optional<TokenId> find(std::string_view token) const override {
    return vocabulary_.find(token);
  }
  std::size_t size() const override { return vocabulary_.size(); }
  TokenId highest_id() const override { return vocabulary_.highest_id(); }

  void append(std::string_view text, TokenIds& ids) const override {
    for (const std::string_view word : gpt2_split(text)) append_word(word, ids);
  }

 private:
  static std::uint64_t key(std::uint32_t left, std::uint32_t right) {
    return std::uint64_t{left} << 32 | right;
  }

  // A symbol is a string that a word can be made of; its id in the vocabulary is looked up once.
  std::uint32_t symbol(const std::string& text) {
    const auto next = static_cast<TokenId>(ids_.size());
    const std::optional<TokenId> known = symbols_.find(text);
    if (known) return static_cast<std::uint32_t>(*known);
    symbols_.set(text, next);
    ids_.push_back(vocabulary_.find(text).value_or(unknown_));
    return static_cast<std::uint32_t>(next);
  }

  struct Symbol {
    std::uint32_t id;
    std::uint32_t before, after;  // neighbours in the word
  };
  struct Pair {
    std::uint32_t rank, at, left, right;
    bool operator<(
        const Pair& other) const {  // the heap's top is the lowest rank, then the leftmost
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };

  void append_word(std::string_view word, TokenIds& ids) const {
    std::vector<Symbol> symbols(word.size());
    std::priority_queue<Pair> pairs;
    const auto size = static_cast<std::uint32_t>(word.size());
    for (std::uint32_t i = 0; i < size; ++i)
      symbols[i] = {byte_symbols_[static_cast<unsigned char>(word[i])], i == 0 ? kNone : i - 1,
                    i + 1 == size ? kNone : i + 1};
    const auto offer = [&](std::uint32_t at) {
      if (at == kNone || symbols[at].after == kNone) return;
      const std::uint32_t left = symbols[at].id, right = symbols[symbols[at].after].id;
      const auto rule = rules_.find(key(left, right));
      if (rule != rules_.end()) pairs.push({rule->second.rank, at, left, right});
    };
    for (std::uint32_t i = 0; i < size; ++i) offer(i);

    std::vector<Pair> round;
    while (!pairs.empty()) {
      round.clear();
      for (const std::uint32_t rank = pairs.top().rank; !pairs.empty() && pairs.top().rank == rank;
           pairs.pop())
        round.push_back(pairs.top());
      const std::uint32_t merged = rules_.find(key(round[0].left, round[0].right))->second.merged;
      std::vector<std::uint32_t> changed;
      for (const Pair& pair : round) {
        Symbol& left = symbols[pair.at];
        // Stale: one of the two was merged with another neighbour.
        if (left.id != pair.left || left.after == kNone || symbols[left.after].id != pair.right)
          continue;
        Symbol& right = symbols[left.after];
        left.id = merged;
        right.id = kNone;
        left.after = right.after;
        if (left.after != kNone) symbols[left.after].before = pair.at;
        changed.push_back(pair.at);
      }
      for (const std::uint32_t at : changed) {
        if (symbols[at].id != merged) continue;
        offer(symbols[at].before);
        offer(at);
      }
    }
    for (std::uint32_t at = size > 0 ? 0 : kNone; at != kNone; at = symbols[at].after)
      ids.push_back(ids_[symbols[at].id]);
  }

  TokenVocabulary vocabulary_;
  TokenVocabulary symbols_;
  std::vector<TokenId> ids_;  // of each symbol
  std::array<std::uint32_t, 256> byte_symbols_{};
  std::unordered_map<std::uint64_t, Rule> rules_;
  TokenId unknown_;
};

// Length of a contraction at the front, 0: none.
std::size_t contraction(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.starts_with(ending)) return ending.size();
  return 0;
}

}  // namespace

std::vector<std::string_view> gpt2_split(std::string_view text) {
  enum class Class { space, letter, number, sign };
  struct Character {
    std::size_t at;
    Class kind;
  };
  std::vector<Character> characters;
  std::size_t at = 0;
  for (const char32_t c : to_utf32(text)) {
    const Class kind = white_space(c)   ? Class::space
                       : letter(c)      ? Class::letter
                       : number_sign(c) ? Class::number
                                        : Class::sign;
    characters.push_back({at, kind});
    at += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  }
  const auto place = [&](std::size_t i) {
    return i < characters.size() ? characters[i].at : text.size();
  };

  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < characters.size();) {
    std::size_t end = i;
    if (const std::size_t length = contraction(text.substr(place(i))); length > 0) {
      end = i + length;  // ASCII: bytes are characters
    } else {
      const std::size_t first = text[place(i)] == ' ' ? i + 1 : i;
      if (first < characters.size() && characters[first].kind != Class::space) {
        end = first + 1;
        while (end < characters.size() && characters[end].kind == characters[first].kind) ++end;
      } else {
        while (end < characters.size() && characters[end].kind == Class::space) ++end;
        // Before a word the last blank is left to it, or stands alone.
        if (end < characters.size() && end - i > 1) --end;
      }
    }
    words.push_back(text.substr(place(i), place(end) - place(i)));
    i = end;
  }
  return words;
}

std::unique_ptr<TextModel> make_byte_bpe(TokenVocabulary vocabulary, const Merges& merges,
                                         TokenId unknown) {
  return std::make_unique<ByteBpe>(std::move(vocabulary), merges, unknown);
}

}  // namespace llmops
