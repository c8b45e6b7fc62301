#pragma once
// The facts of a sentencepiece model (sentencepiece_model.proto of sentencepiece 0.1.97), read and
// checked here so that the library never sees a file that nobody looked at.

#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"

namespace llmops {

enum class PieceType {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

struct Piece {
  std::string text;
  float score = 0.0F;
  PieceType type = PieceType::normal;
};

struct UnigramSpec {
  std::vector<Piece> pieces;  // index: id
  std::string charsmap;       // compiled normalisation rules; empty: none
  bool dummy_prefix = true;
  bool collapse_spaces = true;
  bool escape_spaces = true;
  bool space_as_suffix = false;
  bool byte_fallback = false;
};

// Problems: not a model of kind unigram, broken fields, empty or repeated pieces, scores that are
// no numbers, not exactly one unknown piece, rules that reach beyond themselves.
Result<UnigramSpec> read_sentencepiece(std::string_view bytes, const std::string& file);
// The same checks for facts from elsewhere; empty: nothing is wrong.
Diagnostics check(const UnigramSpec& spec, const std::string& file);

// The facts as the library reads them.
std::string serialise(const UnigramSpec& spec);

}  // namespace llmops
