#pragma once
// Times differ between runs of the same thing on the same machine by more than their cases tell.

#include <memory>
#include <span>

#include "ci/comparison.h"

namespace llmops {

// Widens the bounds of a time by the variance between at least five accepted runs on the
// candidate's hardware (SE^2 + 2 s_run^2 on the log scale, t with runs - 1 degrees of freedom). Its
// decision then follows the usual rule: `whole_interval` is taken back. Leaves the metric as it is
// where there are fewer, or where it is not on the log scale.
void widen_by_runs(MetricComparison& metric,
                   std::span<const std::shared_ptr<const RunSource>> accepted,
                   const RunHeader& candidate);

}  // namespace llmops
