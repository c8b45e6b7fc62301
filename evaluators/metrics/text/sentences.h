#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

// The sentences of a text (Unicode Standard Annex 29, as ICU has it), without
// white space around them; line breaks end one, too. What holds no letter and
// no digit is none.
std::vector<std::string> sentences_of(std::string_view text);

}  // namespace llmops
