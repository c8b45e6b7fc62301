#pragma once
// What differs between two runs besides their numbers.

#include <string>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops {

// "prompt support 2.3.0 -> 2.3.1", "model.temperature 0.3 -> 0.7", "dataset content", ...
std::vector<std::string> changes_between(const RunHeader& baseline, const RunHeader& candidate);

// Both fingerprints are known and differ.
bool other_hardware(const RunHeader& baseline, const RunHeader& candidate);

}  // namespace llmops
