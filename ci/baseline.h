#pragma once
// An accepted run as a file in git: sorted by case id, one case a line, everything that a
// comparison needs.

#include <filesystem>
#include <memory>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/run_record.h"

namespace llmops {

// Reads the header and checks every row (order, duplicates, ranges, finite numbers) in one pass;
// rows are streamed from the file later on. A missing file names `llmops baseline set`.
Result<std::shared_ptr<const RunSource>> open_baseline(const std::filesystem::path& file);

// Writes a run as a baseline, atomically. What stood there before is kept as FILE's history
// (`FILE.history/`, newest 20) for `rollback`. `evidence`: verdict and date of the gate that it
// passed.
void write_baseline(const RunSource& run, const std::filesystem::path& file,
                    const Object& evidence);

struct BaselineVersion {
  std::filesystem::path file;
  RunHeader header;
  Object evidence;
};
// The head of a baseline file alone; its rows are not looked at.
Result<BaselineVersion> read_baseline_version(const std::filesystem::path& file);
std::vector<BaselineVersion> baseline_history(const std::filesystem::path& file);  // newest first
// The present baseline and the versions before it, newest first: what `compare` learns the variance
// between runs from. What cannot be read is left out.
std::vector<std::shared_ptr<const RunSource>> accepted_runs(const std::filesystem::path& file);
// Puts the version before the present one back; the present one is kept as
// `FILE.history/rolled-back.json`. A problem where there is no version before.
Result<BaselineVersion> rollback_baseline(const std::filesystem::path& file);

}  // namespace llmops
