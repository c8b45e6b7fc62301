#pragma once
// Findings in the forms that other tools read.

#include <string>
#include <string_view>

#include "datasets/text/diagnostic.h"

namespace llmops {

// SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), with every rule described: those of
// prompts, rubrics and datasets.
std::string lint_sarif(const Diagnostics& found, const std::string& version);

// One GitHub workflow command a finding: `::error file=...,line=...,col=...,title=...::...`.
std::string github_annotations(const Diagnostics& found);

// Text as workflow commands want it; a `property` (file, title ...) escapes two marks more than the
// message.
std::string github_escaped(std::string_view text, bool property);

}  // namespace llmops
