#include "prompts/prompt_folder.h"

#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "prompts/version.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargestFile = 16U << 20;

}  // namespace

PromptFolder PromptFolder::of_folder(const fs::path& folder, const FileTree& tree) {
  PromptFolder made(tree);
  made.folder_ = made.root_ = folder.empty() ? fs::path(".") : folder;
  return made;
}

PromptFolder PromptFolder::of_file(const fs::path& file, const FileTree& tree) {
  PromptFolder made = of_folder(file.parent_path(), tree);
  if (parse_version(file.stem().string())) made.root_ = made.folder_ / "..";
  return made;
}

fs::path PromptFolder::find(const std::string& path) const {
  const fs::path beside = (folder_ / path).lexically_normal();
  if (tree_->exists(beside)) return beside;
  const fs::path below_root = (root_ / path).lexically_normal();
  return tree_->exists(below_root) ? below_root : beside;
}

Result<Source> PromptFolder::include(const std::string& path) const {
  const fs::path file = find(path);
  if (fs::path(path).is_absolute() || !tree_->inside(file, root_))
    return problem("it lies outside the prompt folder", "expected a path below that folder");
  return tree_->read(file, kLargestFile);
}

Result<Value> PromptFolder::data(const std::string& path) const {
  const fs::path file = find(path);
  const Result<Source> source = tree_->read(file, kLargestFile);
  if (!source) return source.problems();
  return file.extension() == ".json" ? parse_json(*source) : parse_yaml(*source);
}

}  // namespace llmops
