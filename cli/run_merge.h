#pragma once
#include "cli/command.h"
#include "cli/stored.h"

namespace llmops {

// `runs merge`: one run of all parts that `eval --shard` made, gated once.
RunCommand declare_runs_merge(CLI::App& app, const StoreOptions& where);

}  // namespace llmops
