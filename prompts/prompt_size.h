#pragma once
// How much of what is asked is the prompt's own text, and how much the cases put into it.

#include <memory>

#include "datasets/dataset.h"
#include "prompts/prompt.h"

namespace llmops {

// Estimated tokens (token_estimate), means over cases. `own`: template text, defaults that no case
// overrides, tools, response format. `inserted`: everything else that was rendered.
struct PromptSize {
  double own = 0, inserted = 0;
};

// Both runs of a comparison are measured alike, so that the same text counts the same. A branch
// counts as own text whether or not it is taken; parts that are no text do not count.
PromptSize prompt_size(const Prompt& prompt, const Case& row);

// Over the first `most` cases; cases that cannot be rendered are left out.
PromptSize prompt_size(const Prompt& prompt, CaseStream& cases, int most = 1000);

}  // namespace llmops
