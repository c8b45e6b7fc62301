#pragma once
// Numbers and lines that the kernel shows as files under /proc and /sys.

#include <filesystem>
#include <optional>
#include <string>

namespace llmops {

// nullopt where the file is not there or begins with no number.
std::optional<double> number_in(const std::filesystem::path& file);
// The first line; empty where there is none.
std::string line_in(const std::filesystem::path& file);

}  // namespace llmops
