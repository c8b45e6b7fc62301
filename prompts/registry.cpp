#include "prompts/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include "datasets/text/yaml.h"
#include "prompts/prompt_file.h"
#include "prompts/rollout.h"
#include "prompts/version.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

bool is_yaml(const fs::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml";
}

// The version that a file says it is, without reading the rest of it.
std::string version_in(const fs::path& file, const FileTree& tree = disk()) {
  const Result<Source> source = tree.read(file, 16U << 20);
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

std::vector<PromptVersion> prompt_versions(const fs::path& stem, const FileTree& tree) {
  std::vector<PromptVersion> found;
  for (const fs::path& file : tree.files(stem))
    if (is_yaml(file) && parse_version(file.stem().string()))
      found.push_back({file.stem().string(), file});
  for (const std::string_view extension : {".yaml", ".yml"}) {
    const fs::path file = stem.string() + std::string(extension);
    if (tree.exists(file)) found.push_back({version_in(file, tree), file});
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

namespace {

// The file that a path names, on the disk or at `revision`.
Result<Prompt> by_path(const std::string& path, const std::string& revision,
                       const fs::path& folder) {
  if (revision.empty()) {
    for (const fs::path& root : roots(folder))
      if (disk().exists(root / path)) return load_prompt((root / path).lexically_normal());
    return load_prompt((folder / path).lexically_normal());
  }
  const std::shared_ptr<const GitRepository> repository = GitRepository::find(folder);
  const std::optional<GitCommit> commit = repository ? repository->commit(revision) : std::nullopt;
  if (!commit) return problem(fmt::format("there is no git revision `{}` of {}", revision, path));
  const std::unique_ptr<FileTree> tree = repository->tree(*commit, revision);
  fs::path file = folder / path;
  for (const fs::path& root : roots(folder))
    if (tree->exists(root / path)) file = root / path;
  Result<Prompt> prompt = load_prompt(file.lexically_normal(), *tree);
  if (prompt) prompt->revision = commit->id;
  return prompt;
}

// The highest version of a name at a git revision; nullopt: no such revision, or the name is not
// there.
std::optional<Result<Prompt>> by_revision(const std::string& name, const std::string& revision,
                                          const fs::path& folder) {
  const std::shared_ptr<const GitRepository> repository = GitRepository::find(folder);
  const std::optional<GitCommit> commit = repository ? repository->commit(revision) : std::nullopt;
  if (!commit) return std::nullopt;
  const std::unique_ptr<FileTree> tree = repository->tree(*commit, revision);
  for (const fs::path& root : roots(folder)) {
    const std::vector<PromptVersion> versions =
        prompt_versions((root / name).lexically_normal(), *tree);
    if (versions.empty()) continue;
    Result<Prompt> prompt = load_prompt(versions.front().file, *tree);
    if (prompt) prompt->revision = commit->id;
    return prompt;
  }
  return Result<Prompt>(problem(
      fmt::format("`{}` is not there at {} ({})", name, revision, commit->id.substr(0, 12))));
}

Result<Prompt> by_version(const std::string& name, const std::string& version,
                          const std::vector<PromptVersion>& versions) {
  std::vector<const PromptVersion*> fitting;
  for (const PromptVersion& each : versions)
    if (each.version == version) fitting.push_back(&each);
  if (fitting.size() == 1) return load_prompt(fitting.front()->file);
  if (fitting.size() > 1)
    return problem(fmt::format("`{}@{}` stands in two files: {} and {}", name, version,
                               fitting[0]->file.string(), fitting[1]->file.string()),
                   "", "keep one of the two");
  std::vector<std::string_view> choices;
  for (const PromptVersion& each : versions) choices.push_back(each.version);
  return problem(fmt::format("`{}` has no version {}", name, version),
                 fmt::format("versions there: {}", listed(versions)),
                 did_you_mean(version, choices));
}

}  // namespace

Result<Prompt> find_prompt(const std::string& reference, const fs::path& folder) {
  if (reference.empty())
    return problem("no prompt is named", "expected a file, `name` or `name@1.0.0`");
  const std::size_t at = reference.rfind('@');
  const std::string name = reference.substr(0, at);
  const std::string version = at == std::string::npos ? "" : reference.substr(at + 1);
  if (at != std::string::npos && version.empty())
    return problem(fmt::format("`{}` names no version", reference), "expected `name@1.0.0`");
  if (is_yaml(reference) && (at == std::string::npos || !is_yaml(name)))
    return by_path(reference, "", folder);
  if (is_yaml(name)) return by_path(name, version, folder);

  std::vector<PromptVersion> versions;
  for (const fs::path& root : roots(folder)) {
    versions = prompt_versions((root / name).lexically_normal());
    if (!versions.empty()) break;
  }
  if (version.empty()) {
    if (!versions.empty()) return load_prompt(versions.front().file);
    if (std::error_code error; fs::is_regular_file(folder / name, error))
      return load_prompt(folder / name);
    return not_found(name, folder);
  }
  if (parse_version(version)) {
    if (versions.empty()) return not_found(name, folder);
    return by_version(name, version, versions);
  }

  // A label, else a git revision.
  const Result<Labels> labels = load_labels(folder);
  if (!labels) return labels.problems();
  const std::string short_name = fs::path(name).filename().string();
  const LabeledPrompt* labeled = labels->find(name);
  if (labeled == nullptr) labeled = labels->find(short_name);
  if (const Label* label = labeled == nullptr ? nullptr : labeled->find(version)) {
    Result<Prompt> prompt = by_version(name, label->current().version, versions);
    if (prompt && prompt->sha256 != label->current().sha256) {
      Diagnostic warning = problem(
          fmt::format("{}@{} is not what was promoted to `{}`", name, prompt->version, version), "",
          "its content changed under the same version: give it the next number");
      warning.severity = Severity::warning;
      return {std::move(*prompt), {std::move(warning)}};
    }
    return prompt;
  }
  if (std::optional<Result<Prompt>> prompt = by_revision(name, version, folder))
    return std::move(*prompt);
  if (versions.empty()) return not_found(name, folder);
  std::vector<std::string> names;
  for (const PromptVersion& each : versions) names.push_back(each.version);
  if (labeled != nullptr)
    for (const Label& label : labeled->labels) names.push_back(label.name);
  const std::vector<std::string_view> choices(names.begin(), names.end());
  return problem(fmt::format("`{}` has no version, label or git revision `{}`", name, version),
                 fmt::format("there are: {}", fmt::join(names, ", ")),
                 did_you_mean(version, choices));
}

Result<std::vector<PromptRevision>> prompt_history(const std::string& name,
                                                   const fs::path& folder) {
  const std::shared_ptr<const GitRepository> repository = GitRepository::find(folder);
  if (!repository)
    return problem(fmt::format("{} lies in no git repository",
                               folder.empty() ? "this folder" : folder.string()));
  std::vector<PromptVersion> versions;
  for (const fs::path& root : roots(folder)) {
    versions = prompt_versions((root / name).lexically_normal());
    if (!versions.empty()) break;
  }
  if (versions.empty()) return not_found(name, folder);
  std::vector<PromptRevision> found;
  for (const PromptVersion& version : versions) {
    for (GitCommit& commit : repository->history("HEAD", version.file)) {
      const std::unique_ptr<FileTree> tree = repository->tree(commit, commit.id.substr(0, 12));
      const Result<Prompt> prompt = load_prompt(version.file, *tree);
      PromptRevision revision{std::move(commit), version.file, "", ""};
      if (prompt) {
        revision.version = prompt->version;
        revision.sha256 = prompt->sha256;
      }
      found.push_back(std::move(revision));
    }
  }
  std::ranges::stable_sort(
      found, std::greater<>(),
      [](const PromptRevision& each) -> const std::string& { return each.commit.date; });
  return found;
}

}  // namespace llmops
