#pragma once
// What a finished run is turned into: verdict, screen, files. Shared by eval, gate and report.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ci/baseline.h"
#include "ci/findings.h"
#include "ci/gate/verdict.h"
#include "ci/reports/report.h"
#include "cli/console.h"
#include "evaluators/store/store.h"

namespace CLI {
class App;
}

namespace llmops {

// --html --junit --markdown --csv --samples-out
struct OutputFiles {
  std::vector<std::pair<std::string, std::string>> reports;  // report name -> file
  std::string samples;
};

// Declares the options on `app`; they fill `files` when the command line is parsed.
void declare_output_options(CLI::App& app, OutputFiles& files);

// A run with everything that was found out about it.
struct Decided {
  std::unique_ptr<RunSource> run;
  std::unique_ptr<OutputSource> outputs;
  std::shared_ptr<const RunSource> baseline;
  std::unique_ptr<OutputSource> baseline_outputs;  // where the baseline's run is still stored
  Summary summary;
  std::optional<Comparison> comparison;
  std::optional<Verdict> verdict;
  std::vector<Finding> findings;
  std::vector<std::string> warnings;
};

// Summary, comparison and verdict of a stored run. `baseline` may be nullptr.
Decided decide_run(const Store& store, const RunHeader& header, const GateSpec* gate,
                   std::shared_ptr<const RunSource> baseline);

// What reports show of it; `decided` outlives the result.
ReportInput input_of(const Decided& decided, std::string_view command);

// Prints the answer and writes the files; the exit code is that of the verdict. With `documents`
// the JSON document goes there instead of to stdout (several runs make one document).
ExitCode publish(const Store& store, const Decided& decided, const GateSpec* gate,
                 std::string_view command, const OutputFiles& files, Console& console,
                 List* documents = nullptr);

// The same files with a suffix before their extensions: "report.html" ->
// "report-support-2.3.1-tiny.html".
OutputFiles with_suffix(const OutputFiles& files, const std::string& suffix);

// Writes the reports of `files`, each atomically.
void write_reports(const ReportInput& input, const OutputFiles& files);

// {outcome, headline, rules: [...]} for the store and for a baseline's evidence.
Value verdict_value(const Verdict& verdict);

// One JSON line a sample: case_id sample text scores input_tokens ... (interfaces, --samples-out).
void write_samples(const Store& store, const RunHeader& header, std::FILE* out);

}  // namespace llmops
