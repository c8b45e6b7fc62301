#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace llmops {

// End-to-end times (ms) of a run's answered calls in the order in which they ended; answers from
// the cache have none. At most the first `most`.
std::vector<double> call_latencies(const std::filesystem::path& store, const std::string& run_id,
                                   std::size_t most);

}  // namespace llmops
