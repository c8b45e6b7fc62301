#include "cli/run_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

#include "cli/evaluation.h"
#include "datasets/text/fields.h"

namespace llmops {
namespace {

// "" where it is an amount of money: `nan` would be a limit that nothing ever reaches.
std::string amount_problem(const std::string& written) {
  double amount = 0;
  const char* const end = written.data() + written.size();
  const auto [at, error] = std::from_chars(written.data(), end, amount);
  if (error == std::errc() && at == end && std::isfinite(amount) && amount >= 0) return "";
  return fmt::format("expected USD, 0 or more, such as 2.50, not `{}`", written);
}

}  // namespace

void declare_choices(CLI::App& app, SuiteOverrides& overrides) {
  app.add_option("--model", overrides.model, "one of the suite's models, or another name for it")
      ->group("What is run");
  app.add_option("--limit", overrides.limit, "at most N cases")
      ->type_name("N")
      ->group("What is run");
  app.add_option("--seed", overrides.seed, "seed of everything random")
      ->type_name("N")
      ->group("What is run");
}

void declare_limits(CLI::App& app, SuiteOverrides& overrides, RunLimits& limits) {
  app.add_option("--concurrency", overrides.concurrency, "calls at the same time")
      ->type_name("N")
      ->check(CLI::Range(1, 100000))
      ->group("Limits");
  app.add_option("--max-cost", limits.max_cost, "stop before this is spent, in USD")
      ->type_name("USD")
      ->check(&amount_problem)
      ->group("Limits");
  app.add_option("--max-tokens", limits.max_tokens, "stop before so many tokens are used")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->group("Limits");
  app.add_option("--max-time", limits.max_time, "stop asking after this time (30s, 10m)")
      ->type_name("TIME")
      ->group("Limits");
}

FanOutOptions fan_out_options(const RunLimits& limits, std::uint64_t seed, Diagnostics& problems) {
  FanOutOptions options{.seed = seed, .interrupts = &interrupts()};
  if (limits.max_time.empty()) return options;
  options.max_time = parse_duration(limits.max_time);
  if (!options.max_time)
    problems.push_back(problem(fmt::format("--max-time is `{}`", limits.max_time),
                               "expected a duration such as 30s or 10m"));
  return options;
}

void check_several(const Suite& suite, const Model& model, Diagnostics& problems) {
  const int together = model.spec.samples_per_call;
  if (together == 1) return;
  if (suite.samples == 1)
    problems.push_back(problem(
        fmt::format("`n: {}` asks for several answers at once, and the suite wants one", together),
        "", fmt::format("write `samples: {}` in the suite, or leave `n` out", together)));
  if (suite.rules_on_times)
    problems.push_back(
        problem(fmt::format("`n: {}`: the gate has rules on times, and answers that come together "
                            "have none of their own",
                            together),
                "", "leave `n` out, or the rules on latency, ttft, tpot and itl"));
}

}  // namespace llmops
