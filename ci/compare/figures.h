#pragma once
// Figures of the whole set (ci/set_figures.h) of two runs side by side: both are formed again from
// the same drawn cases.

#include <string>
#include <vector>

#include "ci/comparison.h"

namespace llmops {

// One entry for each figure that both runs have, and for each rule that asks for one in another way
// (a slice, a percentage).
std::vector<MetricComparison> compare_figures(const RunSource& baseline, const RunSource& candidate,
                                              const GateSpec& gate, bool paired);

// Whether a rule or measure of that name is such a figure in one of the runs.
bool is_set_figure(const RunHeader& baseline, const RunHeader& candidate, const std::string& name);

}  // namespace llmops
