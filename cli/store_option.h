#pragma once
#include <string>

namespace llmops {

// What is wrong with --store as it was written; "" where nothing is. A check of CLI11.
std::string store_problem(const std::string& store);

}  // namespace llmops
