#pragma once
// The two kinds of rules. Each fills the outcomes of its own rules and leaves the others alone.

#include <vector>

#include "ci/gate/verdict.h"

namespace llmops {

// max_drop, max_increase: against the baseline. The outcome of each metric is noted in `comparison`
// too. All primary rules are one family (Holm).
void decide_comparing_rules(const GateSpec& gate, Comparison* comparison,
                            std::vector<RuleOutcome>& outcomes);

// min, max: the run by itself. Reads the rows twice where there is such a rule.
void decide_absolute_rules(const GateSpec& gate, const RunSource& candidate,
                           std::vector<RuleOutcome>& outcomes);

}  // namespace llmops
