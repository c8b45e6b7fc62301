#pragma once
// Cuts a template into text, tags and comments, and the inside of a tag into tokens.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"

namespace llmops::jinja {

// A piece of a template between two delimiters. Offsets are bytes of the template.
struct Segment {
  enum class Kind { text, output, statement };
  Kind kind = Kind::text;
  std::size_t begin = 0;  // of the delimiter, or of the text that is left after trimming
  std::size_t end = 0;
  std::size_t inside = 0;  // output and statement: what stands between the delimiters
  std::size_t inside_end = 0;
  bool raw = false;  // text of a {% raw %} block
};

struct LexError {
  std::size_t begin = 0;
  std::size_t width = 1;
  std::string what, expected, help;
};

// White space control is applied, comments are dropped, raw blocks are text. An error ends the
// cutting.
std::vector<Segment> cut(std::string_view text, std::vector<LexError>& errors);

struct Token {
  enum class Kind { name, text, integer, real, symbol, end };
  Kind kind = Kind::end;
  std::string_view source;  // as it stands in the template
  std::size_t begin = 0;
  Value value;  // of text, integer and real
};

// The tokens of text[begin, end); the last one is `end`. An error ends them early.
std::vector<Token> tokens(std::string_view text, std::size_t begin, std::size_t end,
                          std::vector<LexError>& errors);

}  // namespace llmops::jinja
