#pragma once
#include "cli/command.h"
#include "cli/stored.h"

namespace llmops {

// `runs gc`: drops old runs and gives their place on the disk back.
RunCommand declare_runs_gc(CLI::App& app, const StoreOptions& where);

}  // namespace llmops
