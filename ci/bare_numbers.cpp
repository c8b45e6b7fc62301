#include "ci/bare_numbers.h"

#include <array>

namespace llmops {

std::optional<std::string> with_quoted_non_numbers(std::string_view json) {
  constexpr std::array<std::string_view, 3> kWords = {"-Infinity", "Infinity", "NaN"};
  std::string out;
  bool inside = false, found = false;
  for (std::size_t i = 0; i < json.size();) {
    std::size_t width = 1;
    if (inside && json[i] == '\\' && i + 1 < json.size()) width = 2;
    if (json[i] == '"') inside = !inside;
    bool quote = false;
    for (const std::string_view word : kWords)
      if (!inside && !quote && json.substr(i).starts_with(word)) {
        width = word.size();
        quote = found = true;
      }
    if (quote) out += '"';
    out += json.substr(i, width);
    if (quote) out += '"';
    i += width;
  }
  return found ? std::optional(out) : std::nullopt;
}

}  // namespace llmops
