#include "ci/stats/power.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/guarded.h"

namespace llmops::stats {
namespace {

constexpr double kMostCases = 1e15;  // a plan beyond this is "never"

double tail(double alpha, Sides sides) { return sides == Sides::two ? alpha / 2.0 : alpha; }

double power_t(double noncentrality, double df, double alpha, Sides sides) {
  const double critical = t_isf(tail(alpha, sides), df);
  const double nc = std::abs(noncentrality);
  const double upper = noncentral_t_sf(critical, df, nc);
  return std::clamp(sides == Sides::two ? upper + noncentral_t_cdf(-critical, df, nc) : upper, 0.0,
                    1.0);
}

std::optional<Refusal> check(double alpha, double power) {
  if (auto refusal = check_alpha(alpha)) return refusal;
  return check_power(power);
}

Refusal zero_effect() {
  return not_testable("zero_effect", "no number of cases finds an effect of 0");
}

Tested<SampleSize> rounded_up(double real) {
  if (!(real < kMostCases)) return zero_effect();
  return SampleSize{real, std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(real)))};
}

// The smallest n >= least for which `enough` holds; `enough` stays true once true. 0: none below
// the limit.
template <class Enough>
std::int64_t smallest(std::int64_t least, std::int64_t guess, Enough enough) {
  std::int64_t high = std::max(least, guess);
  while (!enough(high)) {
    if (static_cast<double>(high) > kMostCases) return 0;
    high *= 2;
  }
  std::int64_t low = least - 1;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

std::optional<Refusal> check_rates(double a, double b) {
  if (!(a >= 0.0 && a <= 1.0 && b >= 0.0 && b <= 1.0))
    return invalid_input("bad_probability", "a pass rate lies between 0 and 1");
  if (a == b) return zero_effect();
  return std::nullopt;
}

double arcsine_difference(double p_baseline, double p_candidate) {
  return 2.0 * std::asin(std::sqrt(p_candidate)) - 2.0 * std::asin(std::sqrt(p_baseline));
}

// Standard deviations of one case of both arms together: under equal rates, and as they are.
struct Deviations {
  double null = 0.0;
  double real = 0.0;
};
Deviations deviations(double a, double b, ProportionMethod method) {
  const double average = (a + b) / 2.0;
  const double real = std::sqrt(a * (1.0 - a) + b * (1.0 - b));
  return {method == ProportionMethod::unpooled ? real : std::sqrt(2.0 * average * (1.0 - average)),
          real};
}

}  // namespace

Tested<double> power_t_paired(double dz, double n, double alpha, Sides sides) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (!std::isfinite(dz)) return invalid_input("non_finite_value", "the effect is not finite");
  if (!(n >= 2.0)) return fewer_than_two_cases();
  return power_t(dz * std::sqrt(n), n - 1.0, alpha, sides);
}

Tested<double> power_t_two_sample(double d, double n_baseline, double n_candidate, double alpha,
                                  Sides sides) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (!std::isfinite(d)) return invalid_input("non_finite_value", "the effect is not finite");
  if (!(n_baseline >= 2.0 && n_candidate >= 2.0)) return fewer_than_two_cases();
  const double root = std::sqrt(n_baseline * (n_candidate / (n_baseline + n_candidate)));
  return power_t(d * root, n_baseline + n_candidate - 2.0, alpha, sides);
}

Tested<std::int64_t> cases_t_paired(double dz, double power, double alpha, Sides sides) {
  if (auto refusal = check(alpha, power)) return *refusal;
  if (!std::isfinite(dz)) return invalid_input("non_finite_value", "the effect is not finite");
  const double normal = (normal_isf(tail(alpha, sides)) - normal_quantile(1.0 - power)) / dz;
  if (dz == 0.0 || !(normal * normal < kMostCases)) return zero_effect();
  const std::int64_t n =
      smallest(2, static_cast<std::int64_t>(normal * normal) + 4, [&](std::int64_t cases) {
        const auto size = static_cast<double>(cases);
        return power_t(dz * std::sqrt(size), size - 1.0, alpha, sides) >= power;
      });
  if (n == 0) return zero_effect();
  return n;
}

Tested<double> detectable_effect(double sd_difference, double n, double power, double alpha,
                                 Sides sides) {
  if (auto refusal = check(alpha, power)) return *refusal;
  if (!(std::isfinite(sd_difference) && sd_difference >= 0.0))
    return invalid_input("bad_variance", "a spread is a finite number, at least 0");
  if (!(n >= 2.0)) return fewer_than_two_cases();
  if (power <= alpha) return 0.0;
  const double root = std::sqrt(n);
  double low = 0.0, high = 1.0;  // non-centrality
  while (power_t(high, n - 1.0, alpha, sides) < power) high *= 2.0;
  for (int step = 0; step < 200 && high - low > 1e-13 * high; ++step) {
    const double middle = (low + high) / 2.0;
    (power_t(middle, n - 1.0, alpha, sides) < power ? low : high) = middle;
  }
  return high / root * sd_difference;
}

Tested<SampleSize> cases_two_proportions(double p_baseline, double p_candidate,
                                         ProportionMethod method, double power, double alpha,
                                         Sides sides) {
  if (auto refusal = check(alpha, power)) return *refusal;
  if (auto refusal = check_rates(p_baseline, p_candidate)) return *refusal;
  const double z_a = normal_isf(tail(alpha, sides)), z_b = normal_isf(1.0 - power);
  if (method == ProportionMethod::arcsine) {
    const double ratio = (z_a + z_b) / arcsine_difference(p_baseline, p_candidate);
    return rounded_up(2.0 * ratio * ratio);
  }
  const double difference = std::abs(p_candidate - p_baseline);
  const Deviations sd = deviations(p_baseline, p_candidate, method);
  const double ratio = (z_a * sd.null + z_b * sd.real) / difference;
  const double n = ratio * ratio;
  if (method != ProportionMethod::fleiss_cc) return rounded_up(n);
  const double root = 1.0 + std::sqrt(1.0 + 4.0 / (n * difference));
  return rounded_up(n / 4.0 * root * root);
}

Tested<double> power_two_proportions(double p_baseline, double p_candidate, double n,
                                     ProportionMethod method, double alpha, Sides sides) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (auto refusal = check_rates(p_baseline, p_candidate)) return *refusal;
  if (!(n >= 1.0)) return no_cases();
  if (method == ProportionMethod::fleiss_cc)
    return invalid_input("bad_method", "power has no continuity-corrected form");
  const double z = normal_isf(tail(alpha, sides));
  if (method == ProportionMethod::arcsine)
    return normal_cdf(std::abs(arcsine_difference(p_baseline, p_candidate)) * std::sqrt(n / 2.0) -
                      z);
  const Deviations sd = deviations(p_baseline, p_candidate, method);
  const double shift = std::abs(p_candidate - p_baseline) * std::sqrt(n) - z * sd.null;
  if (sd.real == 0.0) return shift > 0.0 ? 1.0 : 0.0;
  return normal_cdf(shift / sd.real);
}

Tested<SampleSize> cases_mcnemar(double discordance, double difference, double power, double alpha,
                                 Sides sides) {
  if (auto refusal = check(alpha, power)) return *refusal;
  if (!(discordance > 0.0 && discordance <= 1.0 && std::abs(difference) <= discordance))
    return invalid_input("bad_probability",
                         "the discordance lies in (0, 1] and is at least the difference");
  if (difference == 0.0) return zero_effect();
  const double z_a = normal_isf(tail(alpha, sides)), z_b = normal_isf(1.0 - power);
  const double ratio =
      (z_a * std::sqrt(discordance) + z_b * std::sqrt(discordance - difference * difference)) /
      difference;
  return rounded_up(ratio * ratio);
}

Tested<SampleSize> cases_noninferiority(double sd_difference, double margin, double true_difference,
                                        double power, double alpha) {
  if (auto refusal = check(alpha, power)) return *refusal;
  if (auto refusal = check_margin(margin)) return *refusal;
  if (!(std::isfinite(sd_difference) && sd_difference >= 0.0))
    return invalid_input("bad_variance", "a spread is a finite number, at least 0");
  if (!(margin + true_difference > 0.0)) return zero_effect();
  const double ratio =
      (normal_isf(alpha) + normal_isf(1.0 - power)) * sd_difference / (margin + true_difference);
  return rounded_up(ratio * ratio);
}

Tested<std::int64_t> cases_certify_identical(double range, double margin, double alpha) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (auto refusal = check_range(range)) return *refusal;
  if (auto refusal = check_margin(margin)) return *refusal;
  if (margin == 0.0) return zero_effect();
  const std::int64_t n = smallest(1, 1, [&](std::int64_t cases) {
    Moments unchanged;
    unchanged.n = static_cast<std::size_t>(cases);
    return guarded(unchanged, range, 1.0 - alpha)->lower > -margin;
  });
  if (n == 0) return zero_effect();
  return n;
}

Tested<std::int64_t> cases_to_pass(double sd_difference, double range, double margin, double power,
                                   double alpha) {
  const Tested<std::int64_t> guard = cases_certify_identical(range, margin, alpha);
  if (!guard) return guard.refusal();
  const Tested<SampleSize> size = cases_noninferiority(sd_difference, margin, 0.0, power, alpha);
  if (!size) return size.refusal();
  return std::max(*guard, size->n);
}

double se_with_repeats(double between, double within, double n, double k) {
  return std::sqrt((between + within / k) / n);
}

Tested<double> optimal_repeats(double between, double within, double cost_per_case,
                               double cost_per_repeat) {
  if (!(between >= 0.0 && within >= 0.0 && std::isfinite(between) && std::isfinite(within)))
    return invalid_input("bad_variance", "a variance is a finite number, at least 0");
  if (!(cost_per_case >= 0.0 && cost_per_repeat > 0.0 && std::isfinite(cost_per_case) &&
        std::isfinite(cost_per_repeat)))
    return invalid_input("bad_cost", "a cost is a finite number; an answer is not free");
  if (between == 0.0)
    return not_testable("no_between_variance",
                        "the cases do not differ, so cases and answers count alike");
  return std::sqrt(cost_per_case / cost_per_repeat * (within / between));
}

Tested<std::int64_t> repeats_for_error(double between, double within, double n, double se) {
  if (!(between >= 0.0 && within >= 0.0 && std::isfinite(between) && std::isfinite(within)))
    return invalid_input("bad_variance", "a variance is a finite number, at least 0");
  if (!(n >= 1.0)) return no_cases();
  const double left = n * se * se - between;
  if (!(left > 0.0) || !(within / left < kMostCases))
    return not_testable("more_cases_needed", "more cases, not more answers per case");
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(within / left)));
}

}  // namespace llmops::stats
