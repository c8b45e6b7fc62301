#pragma once
// Several loads of one kind as one, for figures over all of them.

#include <vector>

#include "ci/serving/load_figures.h"

namespace llmops {

// Of all loads together: times and shares over the requests of all windows; what counts by time
// (throughput, requests in flight) over the windows alone, not over what lies between them.
LoadFigures figures_of(const std::vector<LoadResult>& loads,
                       const std::vector<Objective>& objectives);

}  // namespace llmops
