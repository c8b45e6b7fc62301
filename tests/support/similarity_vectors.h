#pragma once
#include <cstddef>
#include <string>

namespace llmops::test {

// Checks a metric's value number `value` against a column of the similarity vectors (first
// reference); a figure that is not there is passed over. Skips with its notice where the vectors
// are absent.
void check_similarity(const std::string& metric, const std::string& options, std::size_t value,
                      std::size_t column);

}  // namespace llmops::test
