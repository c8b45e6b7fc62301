#include "prompts/lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "datasets/text/files.h"
#include "datasets/text/utf8.h"
#include "datasets/text/yaml.h"
#include "prompts/lint/ignore.h"
#include "prompts/prompt_file.h"
#include "prompts/version.h"

namespace llmops {
namespace fs = std::filesystem;

#define LLMOPS_LINT_RULE(rule) extern const LintRule rule;
#include "prompts/lint/rules.def"
#undef LLMOPS_LINT_RULE

std::span<const LintRule* const> lint_rules() {
#define LLMOPS_LINT_RULE(rule) &rule,
  static constexpr std::array kRules = {
#include "prompts/lint/rules.def"
  };
#undef LLMOPS_LINT_RULE
  return kRules;
}

const LintRule* find_lint_rule(std::string_view id) {
  for (const LintRule* rule : lint_rules())
    if (rule->id == id) return rule;
  return nullptr;
}

Mark LintSubject::mark(std::string_view key) const {
  const Value* found = value.find(key);
  return found == nullptr ? value.mark() : found->mark();
}

void LintFindings::add(Mark mark, std::string what, std::string expected, std::string help,
                       std::size_t width) {
  add(source_.problem(mark, std::move(what), std::move(expected), std::move(help), width));
}

void LintFindings::add(Diagnostic found) {
  found.rule = rule_.id;
  if (found.severity == Severity::error) found.severity = rule_.severity;
  found_.push_back(std::move(found));
}

namespace {

// Takes out what the comments of a file silence; names rules in them that do not exist.
Diagnostics without_ignored(Diagnostics found, const Source& source) {
  std::map<std::string, Ignores> by_file;
  by_file.emplace(source.file(), read_ignores(source));
  for (const Diagnostic& each : found) {
    if (each.file.empty() || by_file.contains(each.file)) continue;
    if (const Result<Source> other = read_source(each.file))
      by_file.emplace(each.file, read_ignores(*other));
  }
  std::erase_if(found, [&](const Diagnostic& each) {
    const auto ignores = by_file.find(each.file);
    return ignores != by_file.end() && ignores->second.covers(each.rule, each.line);
  });
  for (const auto& [file, ignores] : by_file) append(found, ignores.problems);
  return found;
}

Diagnostics lint(const fs::path& file, const std::vector<PromptVersion>& versions,
                 const LintOptions& options) {
  constexpr std::size_t kLargestPrompt = 16U << 20;
  const Result<Source> source = read_source(file, kLargestPrompt);
  if (!source) return source.problems();
  const Result<Value> value = parse_yaml(*source);
  const Result<Prompt> prompt = load_prompt(file);
  const Value nothing;
  const LintSubject subject{
      file,     *source, value ? *value : nothing, prompt ? &*prompt : nullptr, prompt.problems(),
      versions, options};
  Diagnostics found;
  for (const LintRule* rule : lint_rules()) {
    LintFindings findings(*rule, *source, found);
    rule->check(subject, findings);
  }
  found = without_ignored(std::move(found), *source);
  std::ranges::stable_sort(found, {}, [](const Diagnostic& each) {
    return std::tie(each.file, each.line, each.column);
  });
  return found;
}

}  // namespace

Diagnostics lint_prompt(const fs::path& file, const LintOptions& options) {
  const bool in_folder = parse_version(file.stem().string()).has_value();
  const fs::path stem = in_folder ? file.parent_path() : file.parent_path() / file.stem();
  return lint(file, prompt_versions(stem), options);
}

Diagnostics lint_prompts(const fs::path& folder, const LintOptions& options) {
  Diagnostics found;
  for (const PromptEntry& entry : list_prompts(folder))
    for (const PromptVersion& version : entry.versions)
      append(found, lint(version.file, entry.versions, options));
  return found;
}

}  // namespace llmops
