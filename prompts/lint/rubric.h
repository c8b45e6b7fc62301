#pragma once
// Whether a judge's rubric says what it must: a text that describes every grade of its scale.

#include <span>
#include <string_view>

#include "datasets/text/diagnostic.h"
#include "datasets/text/source.h"

namespace llmops {

struct RubricRule {
  std::string_view id;
  Severity severity;
  std::string_view summary;
};
std::span<const RubricRule> rubric_rules();

// Findings in a rubric (Markdown or plain text) for grades from `low` to `high`. A grade is
// described where a line begins with its number, behind marks of Markdown and words such as
// `Score`: "5: ...",
// "- **4** = ...", "## Score 3", "| 2 | ...", "0-3: ...". Above eleven grades only both ends are
// asked for.
Diagnostics lint_rubric(const Source& rubric, int low, int high);

}  // namespace llmops
