#include "ci/stats/tost.h"

#include <algorithm>

#include "ci/stats/checks.h"
#include "ci/stats/t_test.h"

namespace llmops::stats {

Tested<Tost> tost_paired(const Moments& differences, double margin, double alpha) {
  if (auto refusal = check_margin(margin)) return *refusal;
  if (!(alpha > 0.0 && alpha < 0.5))
    return invalid_input("bad_alpha", "alpha lies between 0 and 0.5");
  const Tested<TTest> low = t_one_sample(differences, -margin, 1.0 - 2.0 * alpha);
  if (!low) return low.refusal();
  const Tested<TTest> high = t_one_sample(differences, margin, 1.0 - 2.0 * alpha);
  Tost r;
  r.t_noninferior = low->t;
  r.p_noninferior = low->p_greater;
  r.t_not_superior = high->t;
  r.p_not_superior = high->p_less;
  r.p_equivalent = std::max(r.p_noninferior, r.p_not_superior);
  r.interval = low->interval;
  return r;
}

Tested<Tost> tost_paired(std::span<const double> baseline, std::span<const double> candidate,
                         double margin, double alpha) {
  const Tested<Moments> differences = paired_moments(baseline, candidate);
  if (!differences) return differences.refusal();
  return tost_paired(*differences, margin, alpha);
}

}  // namespace llmops::stats
