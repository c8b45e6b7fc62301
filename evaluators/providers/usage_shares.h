#pragma once
#include <span>
#include <vector>

#include "evaluators/sample.h"

namespace llmops {

// The tokens of a call that brought several answers, as shares whose sum is what the server
// counted. The question's tokens (the cached ones among them) were paid for once: equal shares. The
// answers' tokens go by their lengths (>= 0, any unit; equal shares where all are 0). What does not
// divide goes to the largest remainders, the first of equals.
std::vector<Usage> usage_shares(const Usage& whole, std::span<const double> lengths);

}  // namespace llmops
