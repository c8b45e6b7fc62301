#pragma once
// How an answer is dressed: what judges of pairs reward beside what it says.

#include <array>
#include <string_view>

namespace llmops {

// Counts outside of fenced code.
struct MarkdownStyle {
  double tokens = 0;   // estimated
  double headers = 0;  // "# " to "###### " at the start of a line
  double lists = 0;    // items: "- ", "* ", "+ ", "1. ", "1) "
  double bold = 0;     // **text** and __text__
};
MarkdownStyle markdown_style(std::string_view text);

// Covariates of one pair, as Arena-Hard forms them: length (a - b)/(a + b) in tokens; headers,
// lists and bold as densities a token, (da - db)/(da + db + 1). In [-1, 1]; 0 where the two are
// alike.
std::array<double, 4> style_difference(std::string_view a, std::string_view b);

}  // namespace llmops
