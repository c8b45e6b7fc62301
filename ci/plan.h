#pragma once
// Before money is spent: what a gate will be able to say about this many cases, and how many it
// would take (statistics.md of the house, section 6).

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ci/comparison.h"
#include "ci/gate/gate_file.h"

namespace llmops {

// The same further calls spent in two ways: on new cases, and on further answers to these.
struct RepeatAdvice {
  std::int64_t cases = 0, samples = 0;  // what each way makes of the plan's numbers
  // Standard errors of the difference: as planned, with more cases, with more answers a case.
  double error = 0, error_cases = 0, error_samples = 0;
  bool more_cases() const { return error_cases <= error_samples; }
};

// What is planned for one rule.
struct RulePlan {
  Rule rule;
  std::string refusal;  // why nothing can be said; empty: the figures below are there
  double margin = 0;    // on the scale of the spread
  double spread = 0;  // standard deviation of one case's difference (log ratio for a percentage of
                      // a positive quantity)
  std::string
      spread_from;  // "the last comparison (n = 200)" or "assumed: one case in five changes"
  std::optional<double> mde;                   // found with probability `power`, two-sided 5 %
  std::optional<double> power_now;             // that an unchanged candidate passes
  std::optional<std::int64_t> cases_to_pass;   // that it passes with probability `power`
  std::optional<std::int64_t> cases_at_least;  // below which nothing can pass
  std::optional<double> certifiable_margin;    // at the planned number of cases
  std::vector<std::pair<std::int64_t, double>>
      power_curve;  // cases -> that an unchanged one passes
  std::optional<double>
      best_repeats;  // answers a case, for the money; where the variances are known
  std::optional<RepeatAdvice> advice;  // likewise
};

struct PlanInput {
  std::int64_t cases = 0;
  double power = 0.8;
  // Cost of asking a new case once in both runs, and of one more answer to it (any unit).
  double cost_case = 1, cost_repeat = 1;
  const Comparison* earlier = nullptr;  // its spreads are taken; else they are assumed
  int samples = 1;                      // answers a case as planned
};

// One plan a rule, in the gate's order. `measures`: what the suite measures (built-in ones are
// known).
std::vector<RulePlan> plan_gate(const GateSpec& gate, const std::vector<Measure>& measures,
                                const PlanInput& input);

}  // namespace llmops
