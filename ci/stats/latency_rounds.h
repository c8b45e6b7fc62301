#pragma once
// Did latency change? The statistic is the ratio of type-7 quantiles, candidate over baseline; its
// bounds come from the percentile bootstrap of whole rounds (Kalibera & Jones 2013). Best are
// interleaved rounds (baseline, candidate, candidate, baseline), which share the drift of the
// machine.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ci/stats/bootstrap.h"
#include "ci/stats/gate_verdict.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

// Latencies of one round in one unit, all above 0; the same cases on both sides.
struct LatencyRound {
  std::vector<double> baseline, candidate;
};

struct LatencyBounds {
  double ratio = 1.0;
  double lower = 1.0, upper = 1.0;        // one-sided, each at `level`
  Interval interval;                      // two-sided 95%
  double log_se = 0.0;                    // standard deviation of ln(ratio) over the resamples
  std::optional<double> autocorrelation;  // lag 1, of the rounds' mean log-ratios; interleaved only
  bool blocks = false;                    // it exceeds 0.2, so blocks of 10 rounds were resampled
  std::int64_t n_baseline = 0, n_candidate = 0;
};

// Observations that an arm needs for this quantile: 20 up to p50, 60 up to p90, 100 up to p95, else
// 300.
std::int64_t least_latencies(double p);

// Interleaved rounds; a resample draws rounds, or circular blocks of 10 consecutive ones.
// not_testable no_cases, too_few_observations, fewer_than_two_rounds; invalid_input
// value_not_positive, non_finite_value (with index of the round), bad_probability, bad_level,
// bad_resamples.
Tested<LatencyBounds> interleaved_latency(std::span<const LatencyRound> rounds, double p,
                                          double level = 0.95,
                                          const BootstrapOptions& options = {});

// A stored baseline: both sides are resampled by themselves.
Tested<LatencyBounds> stored_latency(std::span<const double> baseline,
                                     std::span<const double> candidate, double p,
                                     double level = 0.95, const BootstrapOptions& options = {});

// Widens the bounds by the variance between accepted runs: SE^2 = log_se^2 + 2 s_run^2 on the log
// scale, t with runs - 1 degrees of freedom. `log_quantiles`: ln of the quantile in each accepted
// run. not_testable too_few_runs (below 5); invalid_input non_finite_value, bad_level.
Tested<LatencyBounds> with_run_variance(const LatencyBounds& bounds,
                                        std::span<const double> log_quantiles, double level = 0.95);

enum class LatencyDesign {
  comparable,  // interleaved, or a stored baseline whose run-to-run variance is in the bounds
  stored,      // the machine has drifted by an unknown amount since
};
// PASS: upper < 1 + margin. REGRESSION: not PASS and lower > 1, for a stored baseline lower > 1 +
// margin.
Decision decide_latency(const LatencyBounds& bounds, double margin, LatencyDesign design);

}  // namespace llmops::stats
