#pragma once
// True pass rate behind a judge of known error rates: theta = (p + specificity - 1)/J with Youden's
// J = sensitivity + specificity - 1 (Rogan & Gladen 1978).

#include <cstdint>
#include <optional>

#include "ci/stats/tested.h"

namespace llmops::stats {

// Judged cases without labels, and how the judge did on labelled ones.
struct JudgeCounts {
  std::int64_t judged_pass = 0, n = 0;
  std::int64_t true_fail_judged_fail = 0, true_fail = 0;
  std::int64_t true_pass_judged_pass = 0, true_pass = 0;
};

struct JudgeQuality {
  double raw = 0.0;  // judged pass rate
  double sensitivity = 0.0, specificity = 0.0;
  double youden = 0.0;  // judged differences are this times the true ones
};
// not_testable no_cases, no_calibration_cases; invalid_input negative_count, k_exceeds_n.
Tested<JudgeQuality> judge_quality(const JudgeCounts& counts);

struct CorrectedRate {
  double estimate = 0.0;            // clipped to [0, 1]
  double estimate_unclipped = 0.0;  // theta
  double delta_se = 0.0;            // by linearisation
  Interval delta;                   // theta +- z delta_se, clipped
  Interval adjusted;                // with added pseudo-counts (Lang & Reiczigel 2014), clipped
};
// not_testable judge_uninformative where J <= 0, too.
Tested<CorrectedRate> rogan_gladen(const JudgeCounts& counts, double level = 0.95);

}  // namespace llmops::stats
