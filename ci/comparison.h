#pragma once
// Two runs side by side: what changed, which cases pair, and for each gated metric the tested
// difference (statistics.md of the house: sections 1-6 and 13).

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ci/gate/gate_file.h"
#include "evaluators/run_record.h"

namespace llmops {

enum class Outcome { pass, fail, inconclusive, incomplete, not_comparable };
std::string_view name(Outcome outcome);

// One metric of both runs. Differences are candidate - baseline; `lower`, `upper` and `estimate`
// are oriented: positive = candidate better. An absent number has its reason in `why` or `notes`.
struct MetricComparison {
  std::string metric;
  Measure measure;
  std::optional<double> baseline_mean, candidate_mean;
  // Headline: always the t-test, two-sided.
  std::optional<double> difference, interval_low, interval_high;  // 95 %
  std::string test;                                               // "paired t" | "welch t"
  std::optional<double> statistic, df, p_value;
  std::int64_t n = 0, wins = 0, losses = 0, ties = 0;
  std::optional<double> mde;
  // Decision.
  std::string
      method;       // "tango score, mcnemar mid-p", "guarded", "guarded clusters", "log ratio", ...
  std::string why;  // why this method
  std::optional<double> estimate, lower, upper, alpha, margin, p_worse, p_worse_adjusted;
  std::optional<Outcome> outcome;  // absent: no rule gates it
  std::vector<std::string> notes;  // real_loss_within_margin, outputs_identical,
                                   // failed_calls_could_hide_a_regression, ...
  std::optional<double> certifiable_margin, power;
  std::optional<std::int64_t> cases_needed;
  std::int64_t clusters = 0, repeats = 1, dropped = 0;
  std::optional<double> variance_between, variance_within;
  std::vector<std::pair<std::string, double>>
      worst;  // case id, oriented difference; the largest losses
};

struct Comparison {
  std::string baseline_id, candidate_id;
  bool paired = false;
  std::int64_t shared = 0;
  std::vector<std::string> only_baseline, only_candidate;  // the first 20 ids
  std::int64_t only_baseline_count = 0, only_candidate_count = 0;
  bool outputs_identical = false;
  std::vector<std::string>
      changed;                 // "prompt support 2.3.0 -> 2.3.1", "model ...", "dataset content"
  std::string not_comparable;  // why nothing can be compared; empty: it can
  std::vector<MetricComparison> metrics;  // every measure that both runs have
  std::vector<std::string> warnings;
  const MetricComparison* find(const std::string& metric) const;
};

// `gate` gives alpha, margins and methods; measures without a rule are compared with their proposed
// margin and have no outcome. Reads each run's rows once or twice.
Comparison compare(const RunSource& baseline, const RunSource& candidate, const GateSpec& gate);

}  // namespace llmops
