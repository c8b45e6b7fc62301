#pragma once
// Tokens by their text: all texts in one piece of memory and a table of places, because a tokenizer
// reads a hundred thousand of them before the first word.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

using TokenId = std::int32_t;

class TokenVocabulary {
 public:
  // A token that stands twice keeps its last id.
  void set(std::string_view token, TokenId id);
  std::optional<TokenId> find(std::string_view token) const;
  std::size_t size() const { return tokens_.size(); }
  TokenId highest_id() const { return highest_; }
  void reserve(std::size_t count);

 private:
  struct Token {
    std::size_t at, length;  // in `texts_`
    std::uint32_t hash;
    TokenId id;
  };
  std::size_t slot_of(std::string_view token, std::uint32_t hash) const;
  void resize_table(std::size_t slots);

  std::string texts_;
  std::vector<Token> tokens_;
  std::vector<std::uint32_t> table_;  // 1 + place in `tokens_`, 0: free; a power of two of slots
  TokenId highest_ = 0;
};

}  // namespace llmops
