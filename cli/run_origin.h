#pragma once
// Where a stored run came from: its suite and the file of the prompt that it asked with. Kept in
// the store beside the run, never in a baseline: the paths are of this machine.

#include "cli/suite.h"
#include "evaluators/store/store.h"

namespace llmops {

// {suite, prompt_file?, prompt_revision?}, absolute paths.
Object origin_of(const Suite& suite, const Prompt& prompt);

// The prompt that a run asked with, where it still asks the same (by the hash of its content): in
// its file, in the suite, or as name@version from the suite's folder. A problem: it is gone, or its
// content is another one now.
Result<Prompt> prompt_of(const StoredRunInfo& info);

}  // namespace llmops
