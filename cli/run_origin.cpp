#include "cli/run_origin.h"

#include <fmt/format.h>

#include "prompts/prompt_file.h"
#include "prompts/registry.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

std::string text_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

std::string absolute_path(const fs::path& file) {
  return fs::absolute(file).lexically_normal().string();
}

// A prompt that stands in the suite itself, or that a suite of an older run names.
std::optional<Prompt> in_suite(const StoredRunInfo& info) {
  const Result<Suite> suite = load_suite(text_of(info.spec, "suite"), {.no_gate = true});
  if (!suite) return std::nullopt;
  for (const auto& prompt : suite->prompts)
    if (prompt->sha256 == text_of(info.header.prompt, "sha256")) return *prompt;
  return std::nullopt;
}

Result<Prompt> find(const StoredRunInfo& info) {
  const std::string file = text_of(info.spec, "prompt_file");
  const std::string revision = text_of(info.spec, "prompt_revision");
  if (!revision.empty()) return find_prompt(file + "@" + revision, ".");
  std::error_code none;
  if (!file.empty() && fs::is_regular_file(file, none)) return load_prompt(file);
  if (file.empty())
    if (std::optional<Prompt> inside = in_suite(info)) return *std::move(inside);
  const std::string version = text_of(info.header.prompt, "version");
  return find_prompt(text_of(info.header.prompt, "name") + (version.empty() ? "" : "@" + version),
                     fs::path(text_of(info.spec, "suite")).parent_path());
}

}  // namespace

Object origin_of(const Suite& suite, const Prompt& prompt) {
  Object origin{
      {"suite", absolute_path(suite.file)}
  };
  if (!prompt.file.empty()) origin.add("prompt_file", absolute_path(prompt.file));
  if (!prompt.revision.empty()) origin.add("prompt_revision", prompt.revision);
  return origin;
}

Result<Prompt> prompt_of(const StoredRunInfo& info) {
  Result<Prompt> prompt = find(info);
  const std::string called = fmt::format("{}@{}", text_of(info.header.prompt, "name"),
                                         text_of(info.header.prompt, "version"));
  if (!prompt) return problem(fmt::format("the prompt {} is in no file that can be found", called));
  if (prompt->sha256 != text_of(info.header.prompt, "sha256"))
    return problem(fmt::format("{} asks something else now than run {} did",
                               prompt->file.filename().string(), info.header.id));
  return prompt;
}

}  // namespace llmops
