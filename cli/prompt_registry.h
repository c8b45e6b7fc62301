#pragma once
// `llmops prompts list | show | history | render`: what the registry holds. Nothing is called or
// written.

#include <filesystem>

#include "cli/command.h"
#include "cli/stored.h"

namespace llmops {

// The folder that the registry of a project lies in: that of --suite, else the present one.
std::filesystem::path project_folder(const StoreOptions& where);

// Each declares its subcommand's options and returns what runs it. `where` outlives the command.
RunCommand declare_prompts_list(CLI::App& app, const StoreOptions& where);
RunCommand declare_prompts_show(CLI::App& app, const StoreOptions& where);
RunCommand declare_prompts_history(CLI::App& app, const StoreOptions& where);
RunCommand declare_prompts_render(CLI::App& app, const StoreOptions& where);

}  // namespace llmops
