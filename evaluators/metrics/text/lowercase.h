#pragma once
#include <string>
#include <string_view>

namespace llmops {

bool is_ascii(std::string_view text);

// Full Unicode lower case without a language (one to many, final sigma by its context), as Python's
// str.lower. Broken UTF-8 becomes U+FFFD.
std::string lowercase(std::string_view text);

}  // namespace llmops
