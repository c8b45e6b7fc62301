#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace llmops {

// Length of the longest common subsequence; bit-parallel, O(n * m / 64).
std::size_t lcs_length(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

// Marks in `on_path` (size of `reference`) the positions of one longest common subsequence, namely
// the one that rouge_score 0.1.2 finds: going back from the end, a step left in the candidate only
// where that is better than a step up in the reference. O(n * m / 64) time; O(sqrt(n) * m / 64)
// words of memory.
void mark_lcs(std::span<const std::uint32_t> reference, std::span<const std::uint32_t> candidate,
              std::vector<bool>& on_path);

}  // namespace llmops
