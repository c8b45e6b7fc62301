#pragma once
// The compiled character map of a sentencepiece model: what a character is written as before it is
// cut into pieces.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"

namespace llmops {

class CharacterMap {
 public:
  // Layout: the size of a trie in bytes (32 bits, little-endian), the trie (a double array as Darts
  // writes it), then the replacements, each closed by a zero byte.
  static Result<CharacterMap> read(std::string_view bytes);

  // As Hugging Face's tokenizers apply it: grapheme by grapheme where one has under six bytes and
  // stands in the map as a whole, else character by character. Valid UTF-8 only.
  std::string apply(const std::string& text) const;

 private:
  // The replacement of the shortest key that `text` begins with; false where there is none.
  bool replacement(std::string_view text, std::string& out) const;
  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace llmops
