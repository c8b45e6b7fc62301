#pragma once
// What the commands that ask a model have in common on their command lines.

#include <cstdint>
#include <optional>
#include <string>

#include "cli/suite.h"
#include "evaluators/runner/fan_out.h"

namespace CLI {
class App;
}

namespace llmops {

struct RunLimits {
  std::optional<double> max_cost;  // USD
  std::optional<std::int64_t> max_tokens;
  std::string max_time;  // as it was written
};

// --model, --limit, --seed.
void declare_choices(CLI::App& app, SuiteOverrides& overrides);
// --concurrency, --max-cost, --max-tokens, --max-time.
void declare_limits(CLI::App& app, SuiteOverrides& overrides, RunLimits& limits);

// The limits of a run with that seed, stopped by Ctrl-C; notes a time that cannot be read. The
// budget is not set: several runs may share one.
FanOutOptions fan_out_options(const RunLimits& limits, std::uint64_t seed, Diagnostics& problems);

// Notes where `n` of the model's parameters (several answers with one call) does not fit the suite.
void check_several(const Suite& suite, const Model& model, Diagnostics& problems);

}  // namespace llmops
