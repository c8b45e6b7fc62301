#include "ci/stats/guarded_independent.h"

#include <array>

#include "ci/stats/checks.h"

namespace llmops::stats {

Tested<GuardedIndependent> guarded_independent(const Moments& baseline, const Moments& candidate,
                                               double lowest, double highest, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  if (auto refusal = check_scale(lowest, highest)) return *refusal;
  if (baseline.n == 0 || candidate.n == 0) return no_cases();
  for (const Moments* arm : {&baseline, &candidate})
    if (arm->min < lowest || arm->max > highest)
      return invalid_input("value_outside_range", "a value lies outside the declared range");
  const std::array ends{lowest, highest};
  const Moments b = with_values(baseline, ends);
  const Moments c = with_values(candidate, ends);
  const WelchError error = welch_error(b, c);
  if (auto refusal = check_results({error.se, error.df, b.mean, c.mean, 1.0 / error.se}))
    return *refusal;
  GuardedIndependent r;
  r.difference = candidate.mean - baseline.mean;
  r.used = t_from_error(c.mean - b.mean, error.se, error.df, 0.0, level);
  r.lower = r.used.lower_bound;
  r.upper = r.used.upper_bound;
  if (auto refusal = check_results({r.difference, r.used.t, r.lower, r.upper})) return *refusal;
  return r;
}

Tested<GuardedIndependent> guarded_independent(std::span<const double> baseline,
                                               std::span<const double> candidate, double lowest,
                                               double highest, double level) {
  if (auto refusal = check_finite(baseline)) return *refusal;
  if (auto refusal = check_finite(candidate)) return *refusal;
  return guarded_independent(moments(baseline), moments(candidate), lowest, highest, level);
}

}  // namespace llmops::stats
