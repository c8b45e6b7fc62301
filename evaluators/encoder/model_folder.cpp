#include "evaluators/encoder/model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "datasets/text/files.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

fs::path environment_path(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

bool is_model(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "config.json", ignored);
}

// The snapshot that `refs/main` names, else the only one.
fs::path snapshot(const fs::path& repository) {
  std::error_code ignored;
  if (fs::exists(repository / "refs/main", ignored))
    if (const Result<Source> commit = read_source(repository / "refs/main", 256)) {
      std::string name = commit->text();
      while (!name.empty() && name.back() <= ' ') name.pop_back();
      if (name == fs::path(name).filename() && is_model(repository / "snapshots" / name))
        return repository / "snapshots" / name;
    }
  fs::path found;
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(repository / "snapshots", ignored)) {
    if (!is_model(entry.path())) continue;
    found = entry.path();
    ++count;
  }
  return count == 1 ? found : fs::path();
}

}  // namespace

fs::path hub_cache() {
  if (fs::path given = environment_path("HF_HUB_CACHE"); !given.empty()) return given;
  if (const fs::path home = environment_path("HF_HOME"); !home.empty()) return home / "hub";
  if (const fs::path cache = environment_path("XDG_CACHE_HOME"); !cache.empty())
    return cache / "huggingface/hub";
  return environment_path("HOME") / ".cache/huggingface/hub";
}

std::string hub_folder_name(const std::string& model) {
  std::string name = "models--";
  for (const char c : model) name += c == '/' ? std::string("--") : std::string(1, c);
  return name;
}

Result<fs::path> find_model(const std::string& model, const std::vector<fs::path>& bases,
                            const fs::path& cache) {
  std::error_code ignored;
  for (const fs::path& base : bases)
    if (const fs::path folder = base / model; !model.empty() && fs::is_directory(folder, ignored))
      return folder;
  const bool is_path = model.starts_with('.') || model.starts_with('/') || model.starts_with('~');
  const bool is_name = !is_path && !model.empty() && model.find("..") == std::string::npos &&
                       std::count(model.begin(), model.end(), '/') <= 1;
  if (is_name)
    if (fs::path folder = snapshot(cache / hub_folder_name(model)); !folder.empty()) return folder;
  const std::string shown = visible(model);
  if (!is_name)
    return problem(fmt::format("there is no model folder `{}`", shown), "",
                   "give the path of a model folder");
  return problem(
      fmt::format("the model `{}` is not on this machine", shown), "",
      fmt::format("run `llmops models pull {}`, or give the path of a model folder", shown));
}

}  // namespace llmops
