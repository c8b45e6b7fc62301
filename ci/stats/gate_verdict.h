#pragma once
// From bounds to a verdict. Everything is oriented: positive means that the candidate is better.
// PASS: lower > -margin. REGRESSION: not PASS, upper < 0 and p_worse <= alpha. INCONCLUSIVE
// otherwise. With margin 0 only an improvement passes, and what is not worse is "no regression
// detected". Then P(PASS when the loss is margin or more) <= alpha, P(REGRESSION when there is no
// loss) <= alpha.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

enum class Verdict { pass, regression, inconclusive, no_regression_detected, not_testable };
std::string_view name(Verdict verdict);

struct MetricBounds {
  std::optional<double> lower, upper;  // one-sided, each at 1 - alpha; no lower: not testable
  double margin = 0.0;                 // >= 0, the loss that is accepted
  std::optional<double> p_worse;       // absent: the upper bound alone decides
};

struct Decision {
  Verdict verdict = Verdict::not_testable;
  bool real_loss_within_margin = false;         // PASS although upper < 0
  bool loss_exceeds_margin = false;             // upper < -margin, margin > 0
  bool improvement = false;                     // lower > 0
  std::vector<std::string_view> notes() const;  // the names of those that are true
};

// One metric by itself. A bound equal to the margin does not pass.
Decision decide(const MetricBounds& metric, double alpha = 0.05);

// All gated metrics of a run: Holm over p_worse of those that can be tested, the adjusted value
// decides.
struct FamilyDecision {
  std::vector<Decision> metrics;
  std::vector<std::optional<double>> p_worse_adjusted;
  // regression if any metric regressed, pass if all passed, not_testable without metrics, else
  // inconclusive.
  Verdict overall = Verdict::not_testable;
};
// invalid_input bad_alpha, bad_margin (with index), non_finite_value, p_out_of_range.
Tested<FamilyDecision> decide_family(std::span<const MetricBounds> metrics, double alpha = 0.05);

}  // namespace llmops::stats
