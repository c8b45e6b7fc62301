#include "prompts/prompt_folder.h"

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/yaml.h"
#include "prompts/version.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargestFile = 16U << 20;

bool inside(const fs::path& file, const fs::path& folder) {
  const fs::path real = fs::weakly_canonical(fs::absolute(file));
  const fs::path root = fs::weakly_canonical(fs::absolute(folder));
  const fs::path below = real.lexically_relative(root);
  return !below.empty() && *below.begin() != "..";
}

}  // namespace

PromptFolder PromptFolder::of_folder(const fs::path& folder) {
  PromptFolder made;
  made.folder_ = made.root_ = folder.empty() ? fs::path(".") : folder;
  return made;
}

PromptFolder PromptFolder::of_file(const fs::path& file) {
  PromptFolder made = of_folder(file.parent_path());
  if (parse_version(file.stem().string())) made.root_ = made.folder_ / "..";
  return made;
}

fs::path PromptFolder::find(const std::string& path) const {
  std::error_code ignored;
  const fs::path beside = (folder_ / path).lexically_normal();
  if (fs::exists(beside, ignored)) return beside;
  const fs::path below_root = (root_ / path).lexically_normal();
  return fs::exists(below_root, ignored) ? below_root : beside;
}

Result<Source> PromptFolder::include(const std::string& path) const {
  const fs::path file = find(path);
  if (fs::path(path).is_absolute() || !inside(file, root_))
    return problem("it lies outside the prompt folder", "expected a path below that folder");
  return read_source(file, kLargestFile);
}

Result<Value> PromptFolder::data(const std::string& path) const {
  const fs::path file = find(path);
  const Result<Source> source = read_source(file, kLargestFile);
  if (!source) return source.problems();
  return file.extension() == ".json" ? parse_json(*source) : parse_yaml(*source);
}

}  // namespace llmops
