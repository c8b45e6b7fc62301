#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace llmops {

// Python writes NaN, Infinity and -Infinity into JSON. Gives the text with these words quoted, so
// that it parses and whoever reads it can say of which case they are; nullopt where there are none.
std::optional<std::string> with_quoted_non_numbers(std::string_view json);

}  // namespace llmops
