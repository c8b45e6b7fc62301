#pragma once
// The part of a tokenizer that knows a vocabulary: text without special tokens to ids.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "evaluators/encoder/token_vocabulary.h"

namespace llmops {

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

}  // namespace llmops
