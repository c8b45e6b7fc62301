#pragma once
#include <string_view>

namespace llmops {

// The inside of a text that is one Markdown code block (``` or ```json and a line break, ``` at the
// end), white space around it ignored; any other text as it is.
std::string_view without_fence(std::string_view text);

}  // namespace llmops
