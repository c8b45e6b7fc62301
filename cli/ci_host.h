#pragma once
#include "ci/reports/report.h"
#include "cli/console.h"

namespace llmops {

// Tells the CI system that runs us, where it says that it does. GitHub Actions: annotations on
// stderr ($GITHUB_ACTIONS), the Markdown report appended to the step's summary
// ($GITHUB_STEP_SUMMARY). A summary that cannot be written is a note, not a failure.
void tell_ci_host(const ReportInput& input, Console& console);

}  // namespace llmops
