#pragma once
// What this program is made of: for `--version --json` and bug reports.

#include "datasets/text/value.h"

namespace llmops {

// {"version", "revision" (where known), "compiler", "build_type", "libraries": {...}}; versions of
// libraries are those of the machine it runs on.
Object build_facts();

}  // namespace llmops
