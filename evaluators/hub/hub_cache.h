#pragma once
// The cache of model folders that hub tools share (huggingface_hub's layout): a folder
// `models--ORG--NAME` with blobs/HASH, snapshots/COMMIT/FILE as links to them, refs/BRANCH with the
// commit, and locks beside it in .locks. What is here, others find, and the other way round.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/hub/hub_client.h"

namespace llmops {

struct PullProgress {
  std::string file;
  std::size_t file_number = 0, files = 0;  // from 1
  std::uint64_t done = 0, total = 0;       // bytes of all files; total 0: the hub did not say
};

struct Pulled {
  std::filesystem::path folder;  // the snapshot: a model folder
  std::string commit;
  std::size_t files = 0;
  std::uint64_t bytes = 0;    // of all its files
  std::uint64_t fetched = 0;  // of them, bytes that came now
};

// Fetches what is missing of a model and checks each file against the hub's hash; the snapshot
// appears when all of it is there. `on_progress` may end it by `false`; what arrived is kept.
Result<Pulled> pull_model(HubClient& hub, const std::string& model, const std::string& revision,
                          const std::filesystem::path& cache,
                          const std::function<bool(const PullProgress&)>& on_progress);

struct CachedModel {
  std::string name;    // "org/name"
  std::string commit;  // of the snapshot
  std::vector<std::string> refs;
  std::filesystem::path folder;  // the snapshot
  std::size_t files = 0;
  std::uint64_t bytes = 0;       // blobs that several snapshots share count in each
  std::uint64_t unfinished = 0;  // bytes of downloads that were not ended, of the whole model
};

// Every snapshot of every model, by name. Folders that are none of ours are left out.
std::vector<CachedModel> cached_models(const std::filesystem::path& cache);

// Reads every file of the model's snapshots: what is wrong, one line a file. `checked`: how many
// were compared with a hash (a file whose blob is not named by one cannot be).
struct Verified {
  std::size_t checked = 0, unknown = 0;
  std::vector<std::string> wrong;
};
Result<Verified> verify_model(const std::string& model, const std::filesystem::path& cache);

// Removes the whole folder of a model; how many bytes that were.
Result<std::uint64_t> remove_model(const std::string& model, const std::filesystem::path& cache);

}  // namespace llmops
