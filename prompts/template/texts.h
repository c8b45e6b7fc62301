#pragma once
// Filters over texts that methods share.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmops::jinja {

std::string capitalized(std::string_view text);  // first letter large, the rest small
std::string titled(
    std::string_view text);  // Jinja2's `title`: words begin behind white space - ( { [ <
std::string replaced(std::string_view text, std::string_view old, std::string_view with,
                     std::optional<std::int64_t> most);
std::string indented(std::string_view text, std::string_view by, bool first, bool blank);
std::string truncated(std::string_view text, std::int64_t length, bool kill_words,
                      std::string_view end, std::int64_t leeway);

}  // namespace llmops::jinja
