#pragma once
// Whether a sample declines to answer, by its phrases or by how the call ended.

#include <optional>
#include <string>

#include "evaluators/sample.h"

namespace re2 {
class RE2;
}

namespace llmops {

// How it declines ("says `I must decline`"), or nullopt. Looks at the first 400 bytes: a refusal
// that comes later is part of an answer. `own` replaces the built-in phrases (English, some German,
// French, Spanish).
std::optional<std::string> refusal_of(const Sample& sample, const re2::RE2* own = nullptr);

}  // namespace llmops
