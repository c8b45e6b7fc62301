#pragma once
// The part of a tokenizer that knows a vocabulary: text without special tokens to ids.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace llmops {

using TokenId = std::int32_t;
using TokenIds = std::vector<TokenId>;

class TextModel {
 public:
  virtual ~TextModel() = default;
  // Appends the ids of a text (valid UTF-8). Thread-safe.
  virtual void append(std::string_view text, TokenIds& ids) const = 0;
  virtual std::optional<TokenId> find(std::string_view token) const = 0;
  // Number of tokens: added tokens go behind them.
  virtual std::size_t size() const = 0;
  virtual TokenId highest_id() const = 0;
};

// Tokens by their text.
class Vocabulary {
 public:
  // A token that stands twice keeps its last id.
  void set(std::string token, TokenId id) {
    ids_.insert_or_assign(std::move(token), id);
    highest_ = id > highest_ ? id : highest_;
  }
  std::optional<TokenId> find(std::string_view token) const {
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }
  std::size_t size() const { return ids_.size(); }
  TokenId highest_id() const { return highest_; }
  void reserve(std::size_t count) { ids_.reserve(count); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, TokenId, Hash, std::equal_to<>> ids_;
  TokenId highest_ = 0;
};

}  // namespace llmops
