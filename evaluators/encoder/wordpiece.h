#pragma once
// WordPiece as BertTokenizer of transformers 4.42 does it: clean, set ideographs apart, NFC, split,
// lowercase, strip accents, split punctuation, longest match first.

#include <memory>
#include <string>
#include <vector>

#include "evaluators/encoder/text_model.h"

namespace llmops {

struct WordPieceOptions {
  bool lower = true;
  bool strip_accents = true;
  bool split_ideographs = true;
  std::string unknown = "[UNK]";
  std::vector<std::string> special;  // words that stay whole even where cleaning put them together
};

std::unique_ptr<TextModel> make_wordpiece(TokenVocabulary vocabulary, WordPieceOptions options);

}  // namespace llmops
