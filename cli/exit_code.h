#pragma once

#include <string_view>

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

struct ExitCodeLine {
  ExitCode code;
  std::string_view meaning;
};

// What help and manual pages say of them.
inline constexpr ExitCodeLine kExitCodeLines[] = {
    {ExitCode::passed,       "the gate passed, or nothing was gated"                      },
    {ExitCode::failed,       "the gate failed: regression, threshold, inflation, latency" },
    {ExitCode::bad_input,    "the input is wrong: nothing was called, nothing was written"},
    {ExitCode::incomplete,   "the run is incomplete; what was paid for is stored"         },
    {ExitCode::inconclusive, "inconclusive, where the policy says that this must not pass"},
};

}  // namespace llmops
