#pragma once
// Byte-pair encoding of one word. Source: Sennrich et al. 2016; the order of merges is that of
// tiktoken and of Hugging Face tokenizers: the lowest rank first, the leftmost of equals.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace llmops {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
using TokenIds = std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>>;

class BytePairs {
 public:
  // Ranks of merges are the ids of the merged tokens (tiktoken).
  static BytePairs by_token(TokenIds tokens);
  // Ranks of merges are their places in a list (tokenizer.json). `whole_words`: a word that is a
  // token is not merged.
  static BytePairs by_list(TokenIds tokens,
                           const std::vector<std::pair<std::string, std::string>>& merges,
                           bool whole_words);

  // Number of tokens of a word whose first symbols are these slices of it; `unknown` says how many
  // tokens a symbol is that no token holds. O(n log n).
  std::size_t count(std::string_view word, const std::vector<std::string_view>& symbols,
                    const std::function<std::size_t(std::string_view)>& unknown) const;
  // The same over single bytes.
  std::size_t count_bytes(std::string_view word) const;
  std::size_t size() const { return tokens_.size(); }
  bool has(std::string_view token) const { return tokens_.find(token) != tokens_.end(); }

 private:
  std::int32_t rank(std::string_view left, std::string_view both) const;  // < 0: no merge
  TokenIds tokens_;
  std::unordered_map<std::uint64_t, std::int32_t> ranks_;  // of a pair of ids; empty: by token
  bool by_list_ = false;
  bool whole_words_ = false;
};

}  // namespace llmops
