#pragma once
#include "datasets/text/value.h"
#include "prompts/prompt.h"

namespace llmops {

// Messages and defaults of a prompt, includes resolved, in the form that `read_prompt` reads: a run
// keeps it, so that its reports can show what was sent after the file has changed.
Value stored_prompt(const Prompt& prompt);

}  // namespace llmops
