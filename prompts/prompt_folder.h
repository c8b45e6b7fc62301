#pragma once
// The files that a prompt names.

#include <filesystem>
#include <string>

#include "datasets/text/result.h"
#include "datasets/text/source.h"
#include "prompts/file_tree.h"

namespace llmops {

// Where the files of a prompt lie: beside it, or, for NAME/X.Y.Z.yaml, beside NAME. The tree must
// outlive it.
class PromptFolder {
 public:
  // Of a prompt file, or of the folder of a suite.
  static PromptFolder of_file(const std::filesystem::path& file, const FileTree& tree = disk());
  static PromptFolder of_folder(const std::filesystem::path& folder, const FileTree& tree = disk());

  // A file for `{% include %}`: never outside `root`, links resolved.
  Result<Source> include(const std::string& path) const;
  // A schema or tools file, JSON or YAML by its extension.
  Result<Value> data(const std::string& path) const;

  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& root() const { return root_; }
  // Where a file lies: beside the prompt, else in the root; the first of them where it is in
  // neither.
  std::filesystem::path find(const std::string& path) const;

 private:
  explicit PromptFolder(const FileTree& tree) : tree_(&tree) {}
  const FileTree* tree_;
  std::filesystem::path folder_, root_;
};

}  // namespace llmops
