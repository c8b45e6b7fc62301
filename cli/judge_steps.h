#pragma once
#include "cli/console.h"
#include "cli/suite.h"
#include "evaluators/runner/side_models.h"

namespace llmops {

// Evaluation steps that judges wrote for their criteria (G-Eval), pinned in SUITE.lock beside the
// suite so that every run judges by the same ones.

// Gives each judge that wants steps those of the lock file. Notes problems of the file.
void take_pinned_steps(Suite& suite, Diagnostics& problems);

// Has the missing ones written, once, and pins them. The problem: a judge that gives no list.
Diagnostics write_missing_steps(Suite& suite, SideModels& models, Console& console);

}  // namespace llmops
