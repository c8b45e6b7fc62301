#pragma once
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace llmops {

// SHA-256 over the content of files, in parts of 16 MB that are hashed side by side. A file that is
// a link into a hub cache's `blobs`, whose names are hashes already, counts by that name and is not
// read. Nor is a large one that was hashed before and has the same path, inode, size and times of
// change: its hash is kept in the folder `kept`; empty: nothing is kept, nor where the file has
// changed within three seconds before `now`. Throws std::runtime_error for a file that cannot be
// read.
std::string fingerprint(const std::vector<std::filesystem::path>& files,
                        const std::filesystem::path& kept = {},
                        std::time_t now = std::time(nullptr));

}  // namespace llmops
