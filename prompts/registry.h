#pragma once
#include <filesystem>
#include <string>

#include "datasets/text/result.h"
#include "prompts/prompt.h"

namespace llmops {

// Finds what a suite or a command line calls a prompt:
//   a path to a YAML file; `name` (the highest semantic version in NAME/ or NAME.yaml);
//   `name@2.3.1`; later: `name@label`, `name@git-revision`.
// `name` may hold folders ("prompts/gsm8k"); it counts from `folder` and from `folder`/prompts.
// A reference that is not found names the versions that are there.
Result<Prompt> find_prompt(const std::string& reference, const std::filesystem::path& folder);

}  // namespace llmops
