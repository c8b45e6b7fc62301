#pragma once
#include <string>

#include "ci/reports/report.h"

namespace llmops {

// Workflow commands of GitHub Actions: an annotation at the suite's line for every rule that did
// not pass (`error` where it failed, `warning` where it could not be decided, `notice` where it is
// secondary), or one `notice` with the verdict where all passed.
std::string github_annotations(const ReportInput& input);

}  // namespace llmops
