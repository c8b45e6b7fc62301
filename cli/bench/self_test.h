#pragma once
// `bench --self-test`: how wrong and how expensive the client itself is on this machine.

#include "cli/bench/options.h"
#include "cli/console.h"

namespace llmops {

// At 64, 1,000 and 2,000 streams, or as --concurrency says. Exit code 0; 3 where streams failed.
ExitCode self_test(const BenchOptions& options, Console& console);

}  // namespace llmops
