#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

namespace llmops {

enum class HiddenKind {
  bidirectional,  // makes a text read in another order than it is stored: U+202A-202E, U+2066-2069
  tag,  // invisible copies of ASCII, a way to smuggle instructions: U+E0001-E007F, U+E0100-E01EF
  invisible,  // zero width or blank letters: U+200B, U+2060-2064, U+00AD, U+3164 ...
};

struct HiddenCharacter {
  HiddenKind kind;
  char32_t code_point = 0;
  std::size_t offset = 0;  // bytes
};

// Characters that a reader cannot see and a model can. Left out where they do their ordinary work:
// joiners between letters that need them and inside emoji, tags of a flag, a byte order mark at the
// start.
std::vector<HiddenCharacter> hidden_characters(std::string_view text);

}  // namespace llmops
