#pragma once
// Findings in the forms that other tools read.

#include <string>

#include "datasets/text/diagnostic.h"

namespace llmops {

// SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), with every rule described: those of
// prompts, rubrics and datasets.
std::string lint_sarif(const Diagnostics& found, const std::string& version);

// One GitHub workflow command a finding: `::error file=...,line=...,col=...,title=...::...`.
std::string github_annotations(const Diagnostics& found);

}  // namespace llmops
