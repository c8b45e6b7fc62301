#pragma once
// What two versions of a prompt ask differently, in their own text and case by case. Calls nobody.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/rendered.h"
#include "datasets/dataset.h"
#include "prompts/diff.h"

namespace llmops {

// What one case comes to in both versions.
struct CaseTokens {
  std::string id;
  std::size_t before = 0, after = 0;
  bool same = false;  // the messages are the same
};

struct PromptChanges {
  std::shared_ptr<const Prompt> before, after;
  PromptDiff diff;
  std::size_t tokens_before = 0, tokens_after = 0;  // of the templates, unfilled
  std::shared_ptr<const TokenCounter> counter;
  std::vector<CaseTokens> cases;  // of the dataset, in its order; empty without one
};

PromptChanges find_changes(std::shared_ptr<const Prompt> before,
                           std::shared_ptr<const Prompt> after,
                           std::shared_ptr<const TokenCounter> counter);

// Adds one case; problems where one of the prompts cannot be rendered with it.
void add_case(PromptChanges& changes, const Case& row, Diagnostics& problems);

// Messages of a case that differ, matched as `diff_prompts` matches them.
Result<std::vector<MessageDiff>> diff_rendered(const PromptChanges& changes, const Case& row);

// {before, after, changes, tokens, cases}
void add_to(Object& document, const PromptChanges& changes);

struct ScreenStyle {
  int width = 80;
  bool color = false;
};
// For people: what changed in the prompt, messages side by side from 110 columns on; then tokens.
// `row`: the case whose messages are shown.
std::string to_screen(const PromptChanges& changes, const std::optional<Case>& row,
                      const ScreenStyle& style);

// One message in two columns, every line ended.
std::string side_by_side(const MessageDiff& message, const ScreenStyle& style);

}  // namespace llmops
