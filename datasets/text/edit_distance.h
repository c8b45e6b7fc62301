#pragma once
#include <cstddef>
#include <string_view>

namespace llmops {

// Levenshtein distance over bytes, unit costs; quadratic, meant for names (both cut at 256 bytes).
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace llmops
