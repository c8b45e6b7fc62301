#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/encoder/text_model.h"

namespace llmops {

// A token that stays whole wherever it is written in a text, such as "[MASK]".
struct AddedToken {
  std::string text;
  TokenId id = 0;
  bool strips_left = false;   // swallows white space before it
  bool strips_right = false;  // and after it
  bool single_word = false;   // only where no word touches it
  bool special = true;
};

class AddedTokens {
 public:
  // A second token of the same text is dropped.
  void add(AddedToken token);
  const AddedToken* find(std::string_view text) const;
  const std::vector<AddedToken>& all() const { return tokens_; }

  struct Part {
    std::string text;
    const AddedToken* token = nullptr;  // nullptr: ordinary text
  };
  // The text cut at its added tokens: the leftmost first, the longest of those that start there.
  std::vector<Part> split(std::string_view text) const;
  // Lowercases all characters outside special tokens, one by one.
  std::string lower(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t at) const;
  std::vector<AddedToken> tokens_;
  std::array<std::vector<std::size_t>, 256> by_first_byte_;  // longest first
};

}  // namespace llmops
