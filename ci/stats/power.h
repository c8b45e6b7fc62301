#pragma once
// Planning: power, cases needed, smallest detectable effect.
// t tests are exact (non-central t, Cohen 1988); proportions use the normal approximations named
// below. Refusals: invalid_input bad_alpha, bad_power, bad_margin, bad_range, bad_probability;
// not_testable zero_effect (no number of cases finds what is not there), fewer_than_two_cases.

#include <cstdint>

#include "ci/stats/tested.h"

namespace llmops::stats {

enum class Sides { two, one };  // of a test; one-sided: in the direction of the effect

struct SampleSize {
  double real = 0.0;   // before rounding up
  std::int64_t n = 0;  // cases, per arm for two arms
};

// Paired t test with standardised effect dz = mean difference / sd of differences.
Tested<double> power_t_paired(double dz, double n, double alpha = 0.05, Sides sides = Sides::two);
Tested<double> power_t_two_sample(double d, double n_baseline, double n_candidate,
                                  double alpha = 0.05, Sides sides = Sides::two);
// The smallest n whose power reaches `power`.
Tested<std::int64_t> cases_t_paired(double dz, double power = 0.8, double alpha = 0.05,
                                    Sides sides = Sides::two);

// Minimum detectable effect: the mean difference that n paired cases with this spread find with
// probability `power`. Exact; close to (z_a + z_b) sd/sqrt(n).
Tested<double> detectable_effect(double sd_difference, double n, double power = 0.8,
                                 double alpha = 0.05, Sides sides = Sides::two);

// Two pass rates, arms of n cases each. Power counts the expected direction only.
enum class ProportionMethod {
  arcsine,    // Cohen 1988: n = 2 ((z_a + z_b)/h)^2
  pooled,     // Fleiss, Levin & Paik 2003, (4.14)
  unpooled,   // the same with the separate variances under the null too
  fleiss_cc,  // pooled with the continuity correction, (4.19)
};
Tested<SampleSize> cases_two_proportions(double p_baseline, double p_candidate,
                                         ProportionMethod method = ProportionMethod::arcsine,
                                         double power = 0.8, double alpha = 0.05,
                                         Sides sides = Sides::two);
// arcsine, pooled or unpooled.
Tested<double> power_two_proportions(double p_baseline, double p_candidate, double n,
                                     ProportionMethod method = ProportionMethod::arcsine,
                                     double alpha = 0.05, Sides sides = Sides::two);

// Paired pass/fail (Connor 1987): discordance = share of cases that change, difference of pass
// rates.
Tested<SampleSize> cases_mcnemar(double discordance, double difference, double power = 0.8,
                                 double alpha = 0.05, Sides sides = Sides::two);

// Cases after which "no loss of `margin` or more" is shown with probability `power` when the true
// difference is `true_difference` (one-sided alpha): ((z_{1-alpha} + z_power) sd/(margin +
// true))^2.
Tested<SampleSize> cases_noninferiority(double sd_difference, double margin,
                                        double true_difference = 0.0, double power = 0.8,
                                        double alpha = 0.05);

// Least cases with which identical runs pass the guarded bound; about 2.33 range/margin at 0.05.
Tested<std::int64_t> cases_certify_identical(double range, double margin, double alpha = 0.05);

// What a gate needs to pass an unchanged candidate: the larger of the two above.
Tested<std::int64_t> cases_to_pass(double sd_difference, double range, double margin,
                                   double power = 0.8, double alpha = 0.05);

// Answers per case. between/within: variances of the difference between cases and between answers
// to one case. SE^2 = (between + within/k)/n.
double se_with_repeats(double between, double within, double n, double k);
// The k that gives the smallest error for the money (Cochran 1977, section 10.6); may be below 1,
// use at least 1. not_testable no_between_variance; invalid_input bad_variance, bad_cost.
Tested<double> optimal_repeats(double between, double within, double cost_per_case,
                               double cost_per_repeat);
// The k that n cases need for this standard error; not_testable more_cases_needed where none is
// enough.
Tested<std::int64_t> repeats_for_error(double between, double within, double n, double se);

}  // namespace llmops::stats
