#pragma once
// `llmops prompts promote | rollback | assign | audit`: which version has which label, on what
// evidence. `promote` and `rollback` write prompts/labels.json and a line of prompts/audit.jsonl.

#include "cli/command.h"
#include "cli/stored.h"

namespace llmops {

// Each declares its subcommand's options and returns what runs it. `where` outlives the command.
RunCommand declare_prompts_promote(CLI::App& app, const StoreOptions& where);
RunCommand declare_prompts_rollback(CLI::App& app, const StoreOptions& where);
RunCommand declare_prompts_assign(CLI::App& app, const StoreOptions& where);
RunCommand declare_prompts_audit(CLI::App& app, const StoreOptions& where);

}  // namespace llmops
