#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace llmops {

// Takes a run out of the store of `folder`, with its calls, its scores and what its judges said, in
// one transaction; the response cache gives none of its answers again. Returns how many calls went.
// The file keeps its size until `compact`. Errors of the file throw std::runtime_error that names
// it.
std::int64_t drop_run(const std::filesystem::path& folder, const std::string& run_id);

// Gives the file's free pages back to the disk. Needs as much free disk as the file takes
// meanwhile. Returns the bytes that came back.
std::int64_t compact(const std::filesystem::path& folder);

}  // namespace llmops
