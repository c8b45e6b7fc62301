#pragma once
// One text for one meaning: what content hashes are made of.

#include <string>

#include "datasets/text/value.h"
#include "prompts/prompt.h"

namespace llmops {

// JSON with members sorted by name and whole numbers without a fraction: 1.0 and 1 are the same.
void append_canonical(const Value& value, std::string& out);
std::string canonical_json(const Value& value);

// sha256 over what a prompt asks: messages with includes resolved, parameters, response format,
// tools, defaults. Name, version, model, dates, author, changelog and eval_metrics play no part.
std::string content_sha256(const Prompt& prompt);

}  // namespace llmops
