#pragma once
// Early stopping by betting: an e-process grows while the data contradict a null hypothesis, and
// exceeds 1/a with probability at most a at any time, for any distribution in the range
// (Waudby-Smith & Ramdas 2024). Cases enter in one random order that was drawn before the run.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

// Wealth against "mean <= null_mean" for values in [-1, 1]: the average of a fixed and an adaptive
// bet.
class EProcess {
 public:
  // -1 < null_mean <= 0; `margin` > 0 sets the fixed bet.
  EProcess(double null_mean, double margin);
  void add(double value);
  double log_e() const;

 private:
  double null_mean_, margin_;
  double fixed_ = 0.0, adaptive_ = 0.0;  // log wealth of the two bets
  double sum_ = 0.0, squares_ = 0.5;     // of the values, for the next bet
  double cases_ = 0.0;
};

// One gated metric, case by case. d = candidate - baseline (positive is better), |d| <= range.
// PASS: "the loss is margin or more" is refuted; REGRESSION: "there is no loss" is refuted.
class SequentialGate {
 public:
  SequentialGate(double margin, double range);
  // Takes the next difference; the caller has checked that it is finite and within the range.
  void add(double difference);
  double log_e_pass() const { return pass_.log_e(); }
  double log_e_regression() const { return regression_.log_e(); }
  std::int64_t cases() const { return cases_; }

 private:
  double range_;
  EProcess pass_, regression_;
  std::int64_t cases_ = 0;
};

enum class EarlyVerdict { inconclusive, pass, regression };
std::string_view name(EarlyVerdict verdict);

// Several gated metrics after the same cases. REGRESSION as soon as one of them refutes "no loss"
// at alpha/K, PASS when all have refuted "a loss of the margin" at alpha.
EarlyVerdict early_verdict(std::span<const SequentialGate> metrics, double alpha = 0.01);

struct SequentialRun {
  std::optional<std::int64_t> stop;  // 1-based case of the first crossing of 1/alpha
  EarlyVerdict verdict = EarlyVerdict::inconclusive;
  double log_e_pass = 0.0, log_e_regression = 0.0;  // at the stop, or at the end
  std::vector<double> path_pass, path_regression;   // after each case, beyond the stop too
};
// A whole sequence at once; regression is looked at before pass.
// invalid_input non_finite_value, value_outside_range (both with index), bad_range, bad_alpha,
// sequential_needs_margin (margin not above 0, or not below the range).
Tested<SequentialRun> sequential_gate(std::span<const double> differences, double margin,
                                      double range, double alpha = 0.01);

// Confidence sequences for the mean of values in [0, 1], each valid at all times at once.
// Predictable plug-in empirical Bernstein (their theorem 2, bets truncated at 1/2, not
// intersected); bounds after each value, clipped to [0, 1].
struct ConfidenceSequence {
  std::vector<double> lower, upper;
};
// invalid_input non_finite_value, value_outside_range, bad_alpha.
Tested<ConfidenceSequence> empirical_bernstein(std::span<const double> values, double alpha = 0.05);

// Hedged capital against "mean = m" (their section 4.2, half on each side, bets truncated at 1/2):
// ln of the larger side after each value. m leaves the confidence sequence when it reaches
// ln(1/alpha). invalid_input bad_probability too (m outside (0, 1)).
Tested<std::vector<double>> hedged_log_wealth(std::span<const double> values, double m,
                                              double alpha = 0.05);

}  // namespace llmops::stats
