#pragma once
// `llmops runs compare | trend | drift`: what stored runs say about each other. Findings; no gate.

#include "cli/command.h"
#include "cli/stored.h"

namespace llmops {

// Each declares its subcommand's options and returns what runs it. `store` outlives the command.
RunCommand declare_runs_compare(CLI::App& app, const StoreOptions& store);
RunCommand declare_runs_trend(CLI::App& app, const StoreOptions& store);
RunCommand declare_runs_drift(CLI::App& app, const StoreOptions& store);

}  // namespace llmops
