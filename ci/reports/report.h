#pragma once
// One finished run with its verdict, as every report sees it.

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "ci/comparison.h"
#include "ci/findings.h"
#include "ci/gate/verdict.h"
#include "ci/summary.h"
#include "evaluators/run_record.h"

namespace llmops {

struct Prompt;

// A run of the suite's history.
struct PastRun {
  std::string id, created, label;  // label: prompt and model
  std::string outcome;             // of its gate: "pass", "fail" ...; "not gated", "incomplete"
  bool baseline = false;           // what this run was compared with
  std::int64_t cases = 0;
  std::vector<std::pair<std::string, double>> means;  // measure -> mean over its cases
};

struct ReportInput {
  std::string command;  // "eval" | "gate" | "diff" | "report"
  const RunHeader& run;
  const Summary& summary;
  const RunSource& rows;  // every case
  const Comparison* comparison = nullptr;
  const Verdict* verdict = nullptr;                // nullptr: nothing was gated
  const OutputSource* outputs = nullptr;           // texts of the candidate
  const OutputSource* baseline_outputs = nullptr;  // texts of the baseline, while its run is stored
  std::vector<std::string> warnings = {};
  const RunSource* baseline_rows = nullptr;  // for paired differences and what each case lost
  std::vector<Finding> findings = {};        // beside the rules
  // As its file has it, while that still asks the same: what it is for, and its limits.
  const Prompt* prompt_file = nullptr;
  std::string store = {};  // folder of the store where commands would not find it by themselves
  // What the HTML report shows besides; all may be absent.
  const Prompt* prompt = nullptr;           // as the run sent it
  const Prompt* baseline_prompt = nullptr;  // of the baseline's run, while that is stored
  std::vector<PastRun> history = {};        // runs of this suite, oldest first, this one too
  std::vector<double> latencies = {};       // ms of each timed call, in the order of their ends
  bool served = false;                      // by `llmops view`, which hands out texts on demand
};

struct TerminalStyle {
  int width = 80;
  bool color = false;
  bool quiet = false;  // the one-line verdict alone
};
std::string render_terminal(const ReportInput& input, const TerminalStyle& style);

Value to_json(const ReportInput& input);               // the document of `--json` (interfaces)
Value judges_value(const std::vector<SideUse>& uses);  // as under `run.judges` there

// Reports that go to files; each is one file in this folder and one line in reports.def.
struct ReportInfo {
  std::string_view name;       // "html", "markdown", "junit", "csv"
  std::string_view extension;  // ".html"
  std::string_view summary;
  // Writes piece by piece; memory does not grow with the number of cases.
  void (*write)(const ReportInput& input, std::FILE* out);
};
std::span<const ReportInfo* const> reports();
const ReportInfo* find_report(std::string_view name);
// What a report writes, as one text.
std::string report_text(const ReportInfo& report, const ReportInput& input);

}  // namespace llmops
