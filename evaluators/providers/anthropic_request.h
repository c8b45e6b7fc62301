#pragma once
#include <string>

#include "datasets/text/result.h"
#include "evaluators/providers/provider.h"

namespace llmops {

// The JSON body of a call to Anthropic's Messages: system messages apart, tools and tool results in
// its own form, `stop` as stop_sequences, 4096 output tokens where no `max_tokens` is set (the API
// wants one). The problem: a file that cannot be read, a response format (the API has none).
Result<std::string> anthropic_body(const ModelSpec& model, const Request& request);

}  // namespace llmops
