#pragma once
// Several loads of one kind as one, for figures over all of them.

#include <vector>

#include "evaluators/load/driver.h"

namespace llmops {

// The seconds of a load follow those of the one before; what lies outside a load's steady window
// stays outside the figures. Lags and the client's share of a core are those of the worst.
LoadResult joined(const std::vector<LoadResult>& loads);

}  // namespace llmops
