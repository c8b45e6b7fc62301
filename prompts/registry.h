#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "prompts/file_tree.h"
#include "prompts/git.h"
#include "prompts/prompt.h"

namespace llmops {

// Finds what a suite or a command line calls a prompt:
//   a path to a YAML file, or that path at a git revision (`prompts/support.yaml@main~3`);
//   `name`: the highest semantic version in NAME/ or NAME.yaml, pre-releases by their precedence;
//   `name@2.3.1`; `name@production`, a label (rollout.h); `name@main~3`, the highest version at a
//   git revision. What could be both is a label.
// `name` may hold folders ("prompts/gsm8k"); it counts from `folder` and from `folder`/prompts.
// A reference that is not found names the versions that are there. Warning: the content of a
// label's version changed.
Result<Prompt> find_prompt(const std::string& reference, const std::filesystem::path& folder);

struct PromptVersion {
  std::string version;  // empty: the file says none, or none that is a text
  std::filesystem::path file;
};

// The versions of `stem` (a path without extension): the files stem/X.Y.Z.yaml and stem.yaml,
// highest first. The files are not checked.
std::vector<PromptVersion> prompt_versions(const std::filesystem::path& stem,
                                           const FileTree& tree = disk());

struct PromptEntry {
  std::string name;  // from the registry's root: "support", "team/support"
  std::vector<PromptVersion> versions;
};

// Every prompt below `folder`/prompts (or in `folder`, where there is none), by name.
std::vector<PromptEntry> list_prompts(const std::filesystem::path& folder);

struct PromptRevision {
  GitCommit commit;
  std::filesystem::path file;
  std::string version, sha256;  // empty: the file could not be loaded then
};

// The commits that changed a prompt's files, newest first.
Result<std::vector<PromptRevision>> prompt_history(const std::string& name,
                                                   const std::filesystem::path& folder);

}  // namespace llmops
