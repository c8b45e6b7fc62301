#pragma once
// Student's and Welch's t tests. difference = candidate - baseline.
// Source: Student 1908; Welch 1947 with Satterthwaite's degrees of freedom (1946).

#include <span>

#include "ci/stats/moments.h"
#include "ci/stats/tested.h"

namespace llmops::stats {

struct TTest {
  double mean = 0.0;  // of the sample, or the difference of the two means
  double se = 0.0;
  double t = 0.0;
  double df = 0.0;
  double p_two_sided = 1.0;
  double p_less = 1.0;                          // alternative: mean below the null value
  double p_greater = 1.0;                       // alternative: mean above it
  Interval interval;                            // two-sided at `level`
  double lower_bound = 0.0, upper_bound = 0.0;  // one-sided, each at `level`
};

// The test that an estimate with this standard error and degrees of freedom makes. se > 0.
TTest t_from_error(double estimate, double se, double df, double null_value, double level);

// One sample (also: paired differences) against mean = null_value. The Moments form is the one for
// streamed data and published summaries (n, mean, sd).
// not_testable: no_cases, fewer_than_two_cases, zero_variance.
Tested<TTest> t_one_sample(const Moments& sample, double null_value = 0.0, double level = 0.95);
Tested<TTest> t_one_sample(std::span<const double> sample, double null_value = 0.0,
                           double level = 0.95);
Tested<TTest> t_paired(std::span<const double> baseline, std::span<const double> candidate,
                       double null_value = 0.0, double level = 0.95);

// Two independent arms; variances may differ. One constant arm is allowed, two are zero_variance.
Tested<TTest> t_welch(const Moments& baseline, const Moments& candidate, double level = 0.95);
Tested<TTest> t_welch(std::span<const double> baseline, std::span<const double> candidate,
                      double level = 0.95);

// The same with a pooled variance (equal variances assumed).
Tested<TTest> t_student(const Moments& baseline, const Moments& candidate, double level = 0.95);
Tested<TTest> t_student(std::span<const double> baseline, std::span<const double> candidate,
                        double level = 0.95);

// Standard error and degrees of freedom of Welch's difference of means.
struct WelchError {
  double se = 0.0;
  double df = 0.0;
};
WelchError welch_error(const Moments& baseline, const Moments& candidate);

}  // namespace llmops::stats
