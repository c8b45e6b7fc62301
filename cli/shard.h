#pragma once
#include <optional>
#include <string>

#include "cli/evaluation.h"

namespace llmops {

// "2/8": the second of eight parts. "auto": as the job array or the CI matrix that runs us says
// (Slurm, GitLab, CircleCI, Buildkite, Kubernetes with JOB_COMPLETIONS); "auto/8": the part from
// there, the number from here.
Result<Shard> read_shard(const std::string& text);

}  // namespace llmops
