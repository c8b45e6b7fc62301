#pragma once
// Earlier turns of a conversation, for judges of a later one (MT-bench's second turn).

#include <string>

#include "datasets/case.h"
#include "datasets/text/result.h"

namespace llmops {

// The turns under `column` as one text, "user: ..." and "assistant: ..." each on lines of their
// own: a list of messages {role, content}, or of texts that alternate, the user's first. The
// problem: the case has no such list.
Result<std::string> earlier_turns(const Case& row, const std::string& column);

// What the judge is told beside the texts.
inline constexpr std::string_view kLaterTurn =
    "The conversation stands there as context. Only the answer to its last question is judged.";

}  // namespace llmops
