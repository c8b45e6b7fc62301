// Rules about the versions of one prompt.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "datasets/text/utf8.h"
#include "prompts/git.h"
#include "prompts/lint/lint.h"
#include "prompts/prompt_file.h"
#include "prompts/version.h"

namespace llmops {
namespace {

std::string shown(const std::filesystem::path& file) { return file.filename().string(); }

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  return a.lexically_normal() == b.lexically_normal();
}

void duplicate(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr) return;
  const auto mine = parse_version(subject.prompt->version);
  if (!mine) return;
  for (const PromptVersion& other : subject.versions) {
    const auto version = parse_version(other.version);
    if (same_file(other.file, subject.file) || !version || *version != *mine) continue;
    findings.add(
        subject.mark("version"),
        fmt::format("version {} stands in {} too", subject.prompt->version, shown(other.file)), "",
        "a version is written once: give the newer one the next number",
        subject.prompt->version.size());
  }
}

// `created` must not run backwards along the versions.
void order(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr || subject.prompt->created.empty()) return;
  const auto mine = parse_version(subject.prompt->version);
  if (!mine) return;
  for (const PromptVersion& other :
       subject.versions) {  // highest first: the first one below is the one before
    const auto version = parse_version(other.version);
    if (!version || !(*version < *mine)) continue;
    const Result<Prompt> before = load_prompt(other.file);
    if (before && !before->created.empty() && subject.prompt->created < before->created)
      findings.add(subject.mark("created"),
                   fmt::format("version {} was created before {} ({})", subject.prompt->version,
                               other.version, before->created),
                   "", "versions ascend with time: is the number or the date wrong?",
                   code_points(subject.prompt->created));
    return;
  }
}

void same_content(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr) return;
  const auto mine = parse_version(subject.prompt->version);
  if (!mine) return;
  for (const PromptVersion& other : subject.versions) {
    const auto version = parse_version(other.version);
    if (!version || !(*version < *mine)) continue;
    const Result<Prompt> before = load_prompt(other.file);
    if (before && before->sha256 == subject.prompt->sha256 &&
        before->model == subject.prompt->model)
      findings.add(subject.mark("version"),
                   fmt::format("version {} asks exactly what {} asks", subject.prompt->version,
                               other.version),
                   "", "a version without a change needs no number",
                   subject.prompt->version.size());
    return;
  }
}

// A version that is committed keeps its content: scores and baselines were measured on it.
void content_changed(const LintSubject& subject, LintFindings& findings) {
  const std::string& base = subject.options.git_base;
  if (subject.prompt == nullptr || base.empty()) return;
  const std::shared_ptr<const GitRepository> repository = GitRepository::find(subject.file);
  const std::optional<GitCommit> commit = repository ? repository->commit(base) : std::nullopt;
  if (!commit) return;
  const std::unique_ptr<FileTree> tree = repository->tree(*commit, base);
  const Result<Prompt> before = load_prompt(subject.file, *tree);
  if (!before || before->version != subject.prompt->version ||
      before->sha256 == subject.prompt->sha256)
    return;
  findings.add(subject.mark("version"),
               fmt::format("version {} asks something else than at {} ({})",
                           subject.prompt->version, base, commit->id.substr(0, 12)),
               "", "a version keeps its content: give the new one the next number",
               subject.prompt->version.size());
}

void name_mismatch(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr) return;
  const std::filesystem::path file = std::filesystem::absolute(subject.file);
  const bool in_folder = parse_version(file.stem().string()).has_value();
  const std::string expected =
      in_folder ? file.parent_path().filename().string() : file.stem().string();
  const std::string& name = subject.prompt->name;
  if (name == expected || name.ends_with("/" + expected)) return;
  findings.add(subject.mark("name"),
               fmt::format("`name` is {}, the {} is called {}", name, in_folder ? "folder" : "file",
                           expected),
               fmt::format("expected {}", expected),
               "references find a prompt by the name of its place", code_points(name));
}

}  // namespace

extern const LintRule kVersionDuplicate, kVersionOrder, kVersionSameContent, kContentChanged,
    kNameMismatch;

const LintRule kVersionDuplicate{"version-duplicate", Severity::error,
                                 "a version stands in one file only", &duplicate};
const LintRule kVersionOrder{"version-order", Severity::warning,
                             "`created` ascends with the versions", &order};
const LintRule kVersionSameContent{"version-same-content", Severity::warning,
                                   "a version differs from the one before it", &same_content};
const LintRule kContentChanged{"content-changed", Severity::error,
                               "a version that is committed keeps its content", &content_changed};
const LintRule kNameMismatch{"name-mismatch", Severity::warning,
                             "`name` is the name of the prompt's file or folder", &name_mismatch};

}  // namespace llmops
