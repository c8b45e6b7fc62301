#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace llmops {

// SHA-256 over the content of files, in parts of 16 MB that are hashed side by side. A file that is
// a link into a hub cache's `blobs`, whose names are hashes already, counts by that name and is not
// read. Throws std::runtime_error for a file that cannot be read.
std::string fingerprint(const std::vector<std::filesystem::path>& files);

}  // namespace llmops
