#include "ci/stats/rogan_gladen.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"

namespace llmops::stats {
namespace {

double rate(std::int64_t k, std::int64_t n) {
  return static_cast<double>(k) / static_cast<double>(n);
}

Interval clipped(double lower, double upper) {
  return {std::clamp(lower, 0.0, 1.0), std::clamp(upper, 0.0, 1.0)};
}

// Variance of theta for these rates and numbers of cases.
double variance(double p, double n, double specificity, double fails, double sensitivity,
                double passes, double theta) {
  const double youden = sensitivity + specificity - 1.0;
  return (p * (1.0 - p) / n +
          (1.0 - theta) * (1.0 - theta) * specificity * (1.0 - specificity) / fails +
          theta * theta * sensitivity * (1.0 - sensitivity) / passes) /
         (youden * youden);
}

}  // namespace

Tested<JudgeQuality> judge_quality(const JudgeCounts& c) {
  if (auto refusal = check_successes(c.judged_pass, c.n)) return *refusal;
  for (const auto& [k, n] : {
           std::pair{c.true_fail_judged_fail, c.true_fail},
           std::pair{c.true_pass_judged_pass, c.true_pass}
  })
    if (auto refusal = check_successes(k, n)) {
      if (refusal->status == Status::invalid_input) return *refusal;
      return not_testable("no_calibration_cases",
                          "calibration needs labelled passes and labelled fails");
    }
  JudgeQuality q;
  q.raw = rate(c.judged_pass, c.n);
  q.specificity = rate(c.true_fail_judged_fail, c.true_fail);
  q.sensitivity = rate(c.true_pass_judged_pass, c.true_pass);
  q.youden = q.sensitivity + q.specificity - 1.0;
  return q;
}

Tested<CorrectedRate> rogan_gladen(const JudgeCounts& c, double level) {
  if (auto refusal = check_level(level)) return *refusal;
  const Tested<JudgeQuality> quality = judge_quality(c);
  if (!quality) return quality.refusal();
  const JudgeQuality& q = *quality;
  if (q.youden <= 1e-12)
    return not_testable("judge_uninformative", "the judge does no better than chance");
  const double z = normal_isf((1.0 - level) / 2.0);
  const auto n = static_cast<double>(c.n), fails = static_cast<double>(c.true_fail),
             passes = static_cast<double>(c.true_pass);

  CorrectedRate r;
  r.estimate_unclipped = (q.raw + q.specificity - 1.0) / q.youden;
  r.estimate = std::clamp(r.estimate_unclipped, 0.0, 1.0);
  r.delta_se = std::sqrt(
      variance(q.raw, n, q.specificity, fails, q.sensitivity, passes, r.estimate_unclipped));
  r.delta = clipped(r.estimate_unclipped - z * r.delta_se, r.estimate_unclipped + z * r.delta_se);

  const double p = (static_cast<double>(c.judged_pass) + z * z / 2.0) / (n + z * z);
  const double specificity = (static_cast<double>(c.true_fail_judged_fail) + 1.0) / (fails + 2.0);
  const double sensitivity = (static_cast<double>(c.true_pass_judged_pass) + 1.0) / (passes + 2.0);
  const double theta = (p + specificity - 1.0) / (sensitivity + specificity - 1.0);
  const double shift = 2.0 * z * z *
                       (theta * sensitivity * (1.0 - sensitivity) / (passes + 2.0) -
                        (1.0 - theta) * specificity * (1.0 - specificity) / (fails + 2.0));
  const double half = z * std::sqrt(variance(p, n + z * z, specificity, fails + 2.0, sensitivity,
                                             passes + 2.0, theta));
  r.adjusted = clipped(theta + shift - half, theta + shift + half);
  return r;
}

}  // namespace llmops::stats
