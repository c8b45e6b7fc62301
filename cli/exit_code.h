#pragma once

namespace llmops {

// Part of the interface (README): what a CI job sees.
enum class ExitCode {
  passed = 0,        // the gate passed, or nothing was gated
  failed = 1,        // regression, threshold, inflation, latency
  bad_input = 2,     // nothing was called, nothing was written
  incomplete = 3,    // failed calls, budget, interrupt; resumable
  inconclusive = 4,  // where the policy says that this must not pass
  bug = 70,          // ours
};

}  // namespace llmops
