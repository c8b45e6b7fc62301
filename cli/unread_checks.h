#pragma once
// Checks that a dataset brings along and that a suite leaves unread.

#include "cli/suite.h"
#include "datasets/text/diagnostic.h"

namespace llmops {

// A warning where the dataset has `__expected` columns, as promptfoo's have, and no evaluator
// `expected` reads them; else empty.
Diagnostics unread_checks(const Suite& suite, const DatasetInfo& dataset);

}  // namespace llmops
