#pragma once
// From figures to the answer: may this change go out?

#include <optional>
#include <string>
#include <vector>

#include "ci/comparison.h"
#include "ci/gate/gate_file.h"
#include "ci/summary.h"

namespace llmops {

struct RuleOutcome {
  Rule rule;
  Outcome outcome = Outcome::pass;
  std::string why;                                     // one sentence with the figures that decided
  std::optional<double> value, lower, upper, p_value;  // what was tested against the limit
};

struct Verdict {
  Outcome outcome = Outcome::pass;
  std::vector<RuleOutcome> rules;  // in the gate's order
  std::string headline;            // one line, the outcome first, then the reason that decided
  std::vector<std::string> warnings;
};

// `comparison` is nullptr where no rule compares; its outcomes are filled in. An incomplete run is
// `incomplete`, whatever its rules say.
Verdict decide(const GateSpec& gate, const RunSource& candidate, const Summary& summary,
               Comparison* comparison);

// Outcome and headline from the outcomes of the rules.
void conclude(Verdict& verdict, const RunHeader& run);

// 0, 1, 3 or 4 by the outcome and the policy; not_comparable counts as inconclusive.
int exit_status(const Verdict& verdict, OnInconclusive policy);

}  // namespace llmops
