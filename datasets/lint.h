#pragma once
// What is wrong with a dataset although it loads. Used by `llmops lint` and `datasets validate`.

#include <span>
#include <string_view>

#include "datasets/dataset.h"

namespace llmops {

struct DatasetLintRule {
  std::string_view id;
  Severity severity;
  std::string_view summary;
};

// The rules of this file: dataset/... and text/.... Those for secrets (errors) and personal data
// (warnings) are sensitive_rules().
std::span<const DatasetLintRule> dataset_lint_rules();

struct DatasetLintOptions {
  bool secrets = true;
  bool personal = true;
  std::size_t most_of_a_rule = 20;  // findings of one rule; the rest is counted
};

// Reads the set and returns what its loading found and, where it loads, what the rules find: `rule`
// holds the id, the line that of the case. No excerpt and no found value is given in full, since it
// may be a secret. Memory does not grow with the file (at most 10,000 columns).
Diagnostics lint_dataset(const DatasetSpec& spec, const DatasetLintOptions& options = {});

}  // namespace llmops
