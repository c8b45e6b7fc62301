#pragma once
// What a report shows besides one run's figures: the prompts as they were sent, the course of the
// calls, the history of the suite.

#include <optional>
#include <string>
#include <vector>

#include "ci/reports/report.h"
#include "evaluators/store/store.h"
#include "prompts/prompt.h"

namespace llmops {

struct ReportContext {
  std::optional<Prompt> prompt, baseline_prompt;  // absent: the run was stored without
  std::vector<PastRun> history;                   // oldest first
  std::vector<double> latencies;
  void add_to(ReportInput& input) const;  // `input` must not outlive this
};

// Reads the rows of the suite's newest runs. `baseline_id`: "" where nothing was compared.
ReportContext report_context(const Store& store, const RunHeader& run,
                             const std::string& baseline_id);

// Means of every measure of a stored run. Reads its rows once.
PastRun past_run(const Store& store, const StoredRunInfo& info);

// What came of a stored run: its gate's outcome, "not gated" or "incomplete".
std::string outcome_of(const StoredRunInfo& info);

// Whether both were started from one suite file.
bool same_suite(const StoredRunInfo& a, const StoredRunInfo& b);

// The prompt that a run was stored with.
std::optional<Prompt> sent_prompt(const StoredRunInfo& info);

}  // namespace llmops
