#pragma once
// What `llmops score` shows where nobody asked for JSON: the members of its document as tables.

#include <string>

#include "datasets/text/value.h"

namespace llmops {

// Each metric's figures, then the lines of the reference program and pass@k where they are there.
std::string figures_table(const Object& figures);

// The results of `test_systems`.
std::string tests_table(const Object& tests, double confidence);

}  // namespace llmops
