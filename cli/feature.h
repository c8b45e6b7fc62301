#pragma once
#include <string>

#include "cli/suite.h"

namespace llmops {

// `feature:` of a suite: which feature of the product it is about, a tag in traces; "" where there
// is none.
std::string feature_of(const Suite& suite);

}  // namespace llmops
