#pragma once
#include <filesystem>

#include "evaluators/store/store.h"

namespace llmops {

// Writes what a run measured (its day, and the mean of every score to 4 digits) into `eval_metrics`
// of the prompt file that it asked with; every other byte stays. Returns the file. A problem says
// why nothing was written: the prompt stands in a suite, comes from a git revision, is gone, asks
// something else by now, or has an `eval_metrics` that cannot be changed in place.
Result<std::filesystem::path> update_eval_metrics(const StoredRunInfo& info, const Store& store);

}  // namespace llmops
