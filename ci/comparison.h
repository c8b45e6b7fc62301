#pragma once
// Two runs side by side: what changed, which cases pair, and for each gated metric the tested
// difference (statistics.md of the house: sections 1-6 and 13).

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ci/compare/inference.h"
#include "ci/gate/gate_file.h"
#include "evaluators/run_record.h"

namespace llmops {

enum class Outcome { pass, fail, inconclusive, incomplete, not_comparable };
std::string_view name(Outcome outcome);

// One metric of both runs. Differences are candidate - baseline; `lower`, `upper` and `estimate`
// are oriented: positive = candidate better. An absent number has its reason in `why_no_test` (the
// headline test) or `refusal` (the decision).
struct MetricComparison {
  std::string metric;  // "numeric_match", "latency_p95", "judge where tags.lang = de"; unique
  Measure measure;
  std::string quantity = "mean";  // mean | p50 | p90 | p95 | p99 | max
  std::string where;              // which cases; empty: all
  std::string named_test;         // as a rule asks for; empty: by the data
  bool relative = false;          // its margin is a share of the baseline
  double sign = 1.0;              // 1: more is better, -1: less is better
  std::optional<double> baseline_mean, candidate_mean;
  // Headline: always the t-test, two-sided.
  std::optional<double> difference, interval_low, interval_high;  // 95 %
  std::string test;                                               // "paired t" | "welch t"
  std::optional<double> statistic, df, p_value;
  std::string why_no_test;
  std::int64_t n = 0, wins = 0, losses = 0, ties = 0;
  std::optional<double> mde;
  // Decision.
  std::string
      method;       // "tango score, mcnemar mid-p", "guarded", "guarded clusters", "log ratio", ...
  std::string why;  // why this method
  std::string refusal;     // why nothing can be inferred; empty: `lower` is there
  bool comparable = true;  // false: `refusal` says what sets the two apart (outcome not_comparable)
  Scale scale = Scale::difference;  // of estimate, lower, upper, margin, certifiable_margin
  std::optional<double> estimate, lower, upper, alpha, margin, p_worse, p_worse_adjusted;
  std::optional<Outcome> outcome;  // absent: no rule gates it
  std::vector<std::string> notes;  // real_loss_within_margin, outputs_identical,
                                   // failed_calls_could_hide_a_regression, ...
  // The bill: sum of the candidate / sum of the baseline, two-sided 95 %; positive quantities only.
  std::optional<double> ratio, ratio_low, ratio_high;
  // Inference if every failed call of the candidate had scored worst; absent where none failed.
  std::optional<double> worst_case_lower, worst_case_upper;
  std::int64_t failed = 0;      // cases whose calls failed (wholly or in part) in the candidate
  bool whole_interval = false;  // a loss fails only when the whole interval lies beyond the margin
  std::optional<double> certifiable_margin, power;
  std::optional<std::int64_t> cases_needed;
  std::int64_t clusters = 0, repeats = 1, dropped = 0;
  std::optional<double> design_effect;  // of the clusters: variance over that of independent cases
  std::optional<double> variance_between, variance_within;
  std::vector<std::pair<std::string, double>>
      worst;  // case id, oriented difference; the largest losses
};

// One metric in the cases that share a tag. A finding, never a verdict: false discoveries among the
// findings are held at 10 % (Benjamini & Hochberg).
struct SliceFinding {
  std::string metric;
  Tag tag;
  std::int64_t n = 0;
  std::optional<double> baseline_mean, candidate_mean, difference;
  std::optional<double> lower, upper;  // oriented, on the metric's scale
  std::optional<double> p_worse, p_adjusted;
  bool worse = false;  // p_adjusted <= 0.10
};

struct Comparison {
  std::string baseline_id, candidate_id;
  bool paired = false;
  std::int64_t shared = 0;
  std::vector<std::string> only_baseline, only_candidate;  // the first 20 ids
  std::int64_t only_baseline_count = 0, only_candidate_count = 0;
  std::int64_t changed_content = 0;  // of both: same id, another question
  bool outputs_identical = false;
  std::vector<std::string>
      changed;                 // "prompt support 2.3.0 -> 2.3.1", "model ...", "dataset content"
  std::string not_comparable;  // why nothing can be compared; empty: it can
  std::vector<MetricComparison> metrics;  // every measure that both runs have
  std::vector<SliceFinding> slices;       // of at least 20 cases, the smallest p first
  std::vector<std::string> warnings;
  const MetricComparison* find(const std::string& metric) const;
  // What a rule that compares is decided by.
  const MetricComparison* find(const Rule& rule) const;
  MetricComparison* find(const Rule& rule);
};

// `gate` gives alpha, margins and methods; measures without a rule are compared with their proposed
// margin and have no outcome. Reads each run's rows twice. `accepted`: runs that passed on the same
// hardware (`accepted_runs` of the baseline file). From five of them on their variance widens the
// bounds of times, and "slower" then is what it is for every other metric.
Comparison compare(const RunSource& baseline, const RunSource& candidate, const GateSpec& gate,
                   std::span<const std::shared_ptr<const RunSource>> accepted = {});

}  // namespace llmops
