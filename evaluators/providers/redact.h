#pragma once
#include <string>
#include <string_view>

#include "evaluators/sample.h"

namespace llmops {

// Takes a key out of everything that a server sent back: some repeat it in their error messages,
// and samples are stored and reported. A secret of less than 8 bytes changes
// nothing.
void redact(Sample& sample, std::string_view secret);
void redact(std::string& text, std::string_view secret);

}  // namespace llmops
