#pragma once
// What is legal in a prompt file and yet likely wrong. A rule is a constant in a file of rules/ and
// a line in rules.def.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/diagnostic.h"
#include "datasets/text/source.h"
#include "prompts/prompt.h"
#include "prompts/registry.h"

namespace llmops {

class TokenCounter;  // prompts/tokens/token_counter.h

struct LintOptions {
  std::optional<std::vector<std::string>> columns;  // of the dataset; absent: not known
  std::vector<std::string> used_columns;            // columns that evaluators and `fields:` use
  const TokenCounter* counter = nullptr;            // nullptr: the estimate
  std::size_t token_budget = 0;                     // of the fixed text of a prompt; 0: none
  std::string git_base = "HEAD";  // revision whose versions must not have changed; empty: none
};

// What a rule looks at: one prompt file.
struct LintSubject {
  const std::filesystem::path& file;
  const Source& source;
  const Value& value;                          // as YAML has it, with marks
  const Prompt* prompt = nullptr;              // nullptr: the file cannot be loaded
  const Diagnostics& problems;                 // of loading it
  const std::vector<PromptVersion>& versions;  // of this prompt, highest first, this file included
  const LintOptions& options;

  // Place of a key's value (of the whole where it is missing).
  Mark mark(std::string_view key) const;
};

class LintFindings;

struct LintRule {
  std::string_view id;
  Severity severity = Severity::warning;
  std::string_view summary;  // one line, for help, SARIF and the manual
  void (*check)(const LintSubject& subject, LintFindings& findings);
};

// Takes what one rule finds.
class LintFindings {
 public:
  LintFindings(const LintRule& rule, const Source& source, Diagnostics& found)
      : rule_(rule), source_(source), found_(found) {}
  void add(Mark mark, std::string what, std::string expected = "", std::string help = "",
           std::size_t width = 1);
  void add(Diagnostic found);  // placed already; the rule gives its name and severity

 private:
  const LintRule& rule_;
  const Source& source_;
  Diagnostics& found_;
};

std::span<const LintRule* const> lint_rules();
const LintRule* find_lint_rule(std::string_view id);

// Every finding in one prompt file, by place. `# llmops: ignore RULE, RULE` (or `{# ... #}` in a
// template) silences rules for what starts on its line or, where it stands alone, on the next; `#
// llmops: ignore-file RULE` for the file.
Diagnostics lint_prompt(const std::filesystem::path& file, const LintOptions& options = {});

// Every prompt file of the registry below `folder`.
Diagnostics lint_prompts(const std::filesystem::path& folder, const LintOptions& options = {});

}  // namespace llmops
