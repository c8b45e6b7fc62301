#pragma once
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/suite.h"
#include "evaluators/store/store.h"

namespace llmops {

// `stats length-controlled`.
RunCommand declare_length_controlled(CLI::App& app);

// A sentence for each evaluator of a run that compares pairs: its win rate, and that at equal
// length.
std::vector<std::string> length_controlled_remarks(const Suite& suite, const Store& store,
                                                   const RunHeader& header);

}  // namespace llmops
