#include "prompts/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "datasets/text/files.h"
#include "datasets/text/yaml.h"
#include "prompts/prompt_file.h"
#include "prompts/version.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

bool is_yaml(const fs::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

// The version that a file says it is, without reading the rest of it.
std::string version_in(const fs::path& file) {
  const Result<Source> source = read_source(file, 16U << 20);
  if (!source) return "";
  const Result<Value> value = parse_yaml(*source);
  const Value* version = value ? value->find("version") : nullptr;
  return version != nullptr && version->is_string() ? *version->string() : "";
}

void sort(std::vector<PromptVersion>& versions) {
  std::ranges::stable_sort(versions, [](const PromptVersion& a, const PromptVersion& b) {
    const auto x = parse_version(a.version);
    const auto y = parse_version(b.version);
    return x && y ? *y < *x : x.has_value() && !y.has_value();
  });
}

std::string listed(const std::vector<PromptVersion>& versions) {
  std::vector<std::string> names;
  for (const PromptVersion& each : versions)
    names.push_back(each.version.empty() ? "(no version)" : each.version);
  return fmt::format("{}", fmt::join(names, ", "));
}

// Roots in which names are looked up.
std::vector<fs::path> roots(const fs::path& folder) { return {folder, folder / "prompts"}; }

void walk(const fs::path& root, const fs::path& below, std::vector<PromptEntry>& found, int depth) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (auto entry = fs::directory_iterator(root / below, error);
       !error && entry != fs::directory_iterator(); entry.increment(error))
    entries.push_back(entry->path());
  std::ranges::sort(entries);
  for (const fs::path& entry : entries) {
    const std::string file = entry.filename().string();
    if (file.starts_with('.')) continue;
    const bool folder = fs::is_directory(entry, error);
    if (!folder &&
        (!is_yaml(entry) || parse_version(entry.stem().string()) || version_in(entry).empty()))
      continue;
    const std::string name = (below / (folder ? entry.filename() : entry.stem())).generic_string();
    std::vector<PromptVersion> versions = prompt_versions(root / name);
    if (!versions.empty() && std::ranges::find(found, name, &PromptEntry::name) == found.end())
      found.push_back({name, std::move(versions)});
    constexpr int kDeepest = 5;
    if (folder && depth < kDeepest) walk(root, below / file, found, depth + 1);
  }
}

Diagnostics not_found(const std::string& name, const fs::path& folder) {
  std::vector<std::string> names;
  std::vector<std::string> shown;
  for (const PromptEntry& entry : list_prompts(folder)) {
    names.push_back(entry.name);
    shown.push_back(fmt::format("{} ({})", entry.name, listed(entry.versions)));
  }
  const std::vector<std::string_view> choices(names.begin(), names.end());
  const std::string looked = fmt::format("looked for {0}/ and {0}.yaml in {1} and {1}/prompts",
                                         name, folder.empty() ? "." : folder.string());
  return {problem(fmt::format("no prompt `{}`", name),
                  shown.empty() ? looked : fmt::format("prompts here: {}", fmt::join(shown, "; ")),
                  did_you_mean(name, choices))};
}

}  // namespace

std::vector<PromptVersion> prompt_versions(const fs::path& stem) {
  std::vector<PromptVersion> found;
  std::error_code error;
  for (auto entry = fs::directory_iterator(stem, error);
       !error && entry != fs::directory_iterator(); entry.increment(error))
    if (is_yaml(entry->path()) && parse_version(entry->path().stem().string()))
      found.push_back({entry->path().stem().string(), entry->path()});
  for (const std::string_view extension : {".yaml", ".yml"}) {
    const fs::path file = stem.string() + std::string(extension);
    if (fs::is_regular_file(file, error)) found.push_back({version_in(file), file});
  }
  sort(found);
  return found;
}

std::vector<PromptEntry> list_prompts(const fs::path& folder) {
  std::vector<PromptEntry> found;
  walk(folder / "prompts", "", found, 0);
  if (found.empty()) walk(folder.empty() ? fs::path(".") : folder, "", found, 4);
  return found;
}

Result<Prompt> find_prompt(const std::string& reference, const fs::path& folder) {
  if (reference.empty())
    return problem("no prompt is named", "expected a file, `name` or `name@1.0.0`");
  if (is_yaml(reference)) {
    for (const fs::path& root : roots(folder))
      if (std::error_code error; fs::exists(root / reference, error))
        return load_prompt((root / reference).lexically_normal());
    return load_prompt((folder / reference).lexically_normal());
  }
  const std::size_t at = reference.rfind('@');
  const std::string name = reference.substr(0, at);
  const std::string version = at == std::string::npos ? "" : reference.substr(at + 1);
  if (at != std::string::npos && version.empty())
    return problem(fmt::format("`{}` names no version", reference), "expected `name@1.0.0`");

  std::vector<PromptVersion> versions;
  for (const fs::path& root : roots(folder)) {
    versions = prompt_versions((root / name).lexically_normal());
    if (!versions.empty()) break;
  }
  if (versions.empty()) {
    if (std::error_code error; fs::is_regular_file(folder / name, error))
      return load_prompt(folder / name);
    return not_found(name, folder);
  }
  if (version.empty()) return load_prompt(versions.front().file);
  std::vector<const PromptVersion*> fitting;
  for (const PromptVersion& each : versions)
    if (each.version == version) fitting.push_back(&each);
  if (fitting.size() == 1) return load_prompt(fitting.front()->file);
  if (fitting.size() > 1)
    return problem(fmt::format("`{}` stands in two files: {} and {}", reference,
                               fitting[0]->file.string(), fitting[1]->file.string()),
                   "", "keep one of the two");
  std::vector<std::string_view> choices;
  for (const PromptVersion& each : versions) choices.push_back(each.version);
  return problem(fmt::format("`{}` has no version {}", name, version),
                 fmt::format("versions there: {}", listed(versions)),
                 did_you_mean(version, choices));
}

}  // namespace llmops
