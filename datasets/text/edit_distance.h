#pragma once
#include <cstddef>
#include <string_view>

namespace llmops {

// Edits between two names, over bytes: insert, delete, replace, swap two neighbours, each counted
// once (optimal string alignment). Quadratic; both are cut at 256 bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace llmops
