#pragma once
// Several texts as one run of token rows: no padding between them.

#include <cstddef>
#include <span>
#include <vector>

#include "evaluators/encoder/text_model.h"

namespace llmops {

struct Block {
  struct Text {
    std::size_t index = 0;  // among the texts that were given
    std::size_t start = 0;  // first row
    std::size_t length = 0;
  };
  std::vector<Text> texts;
  std::size_t rows = 0;
};

// Puts every text into one block; a block holds at most `most_rows` rows, or one longer text.
// Longest texts first, each into the fullest block with room: the same blocks for the same texts,
// whatever the number of threads.
std::vector<Block> pack_texts(std::span<const TokenIds> texts, std::size_t most_rows);

}  // namespace llmops
