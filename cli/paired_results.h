#pragma once
// What two versions came to on the same cases, for people and programs.

#include <string>
#include <vector>

#include "ci/changed_most.h"
#include "ci/latency_cause.h"
#include "cli/outputs.h"
#include "cli/prompt_changes.h"

namespace llmops {

struct PairedResults {
  Decided decided;  // `run`: the second version, `baseline`: the first
  LatencyCause latency;
  std::vector<ChangedCase> changed;  // at most ten
};

// Compares two stored runs. `gate` may be nullptr.
PairedResults compare_pairs(const Store& store, const RunHeader& before, const RunHeader& after,
                            const GateSpec* gate);

ReportInput report_input(const PairedResults& results);

// One line: the gate's headline, or without a gate what got better, what got worse, and how tokens,
// cost and latency moved.
std::string verdict_line(const PairedResults& results);

std::string to_screen(const PairedResults& results, const ScreenStyle& style);
// Adds the document of `--json` (ci/reports) with `verdict_line`, `latency_cause` and
// `changed_most`.
void add_to(Object& document, const PairedResults& results);

// One self-contained page: the texts side by side, and with `results` the figures and the answers
// side by side. `dataset` gives the cases of `changes` again.
void write_page(const PromptChanges& changes, const Dataset* dataset, const PairedResults* results,
                std::FILE* out);

}  // namespace llmops
