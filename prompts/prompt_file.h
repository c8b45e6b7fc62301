#pragma once
#include <filesystem>

#include "datasets/text/result.h"
#include "prompts/file_tree.h"
#include "prompts/prompt.h"

namespace llmops {

// Reads one prompt version from YAML. All problems of the file at once: unknown keys, missing keys,
// kinds, template errors, missing include, schema or tools files.
Result<Prompt> load_prompt(const std::filesystem::path& file, const FileTree& tree = disk());

// The same from a mapping inside a suite (`prompt: {name:, version:, user:}`); paths count from
// `folder`.
Result<Prompt> read_prompt(const Value& value, const Source& source,
                           const std::filesystem::path& folder);

}  // namespace llmops
