#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace llmops {

// The bytes behind base64 (RFC 4648, section 4); nullopt where another character stands in it.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace llmops
