#include "ci/latency_cause.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "datasets/random.h"
#include "tests/support/built_run.h"

using namespace llmops;
using test::BuiltRun;

namespace {

struct Machine {
  double queue = 50, prefill = 0.2, decode = 10, more_output = 1, more_input = 1;
};

BuiltRun run_on(const Machine& machine, int cases) {
  BuiltRun run(builtin_measures());
  for (int i = 0; i < cases; ++i) {
    Random random(3, static_cast<std::uint64_t>(i));
    const double input = (100 + std::floor(900 * random.uniform())) * machine.more_input;
    const double output = (20 + std::floor(80 * random.uniform())) * machine.more_output;
    const double ttft = machine.queue + input * machine.prefill,
                 latency = ttft + (output - 1) * machine.decode;
    std::vector<std::optional<double>> values;
    for (const Measure& measure : builtin_measures())
      values.push_back(measure.name == "input_tokens"    ? std::optional(input)
                       : measure.name == "output_tokens" ? std::optional(output)
                       : measure.name == "ttft"          ? std::optional(ttft)
                       : measure.name == "latency"       ? std::optional(latency)
                                                         : std::nullopt);
    run.add(fmt::format("c{:05}", i), values);
  }
  return run;
}

}  // namespace

TEST_CASE("latency cause: the part that was changed is the part that is named") {
  struct Row {
    const char* part;
    Machine machine;
  };
  const Row rows[] = {
      {"queue and fixed",  {.queue = 150}      },
      {"output tokens",    {.more_output = 1.5}},
      {"decode per token", {.decode = 12}      },
      {"input tokens",     {.more_input = 2}   }
  };
  const BuiltRun before = run_on({}, 200);
  for (const Row& row : rows) {
    CAPTURE(row.part);
    const LatencyCause cause = explain_latency(before, run_on(row.machine, 200));
    REQUIRE(cause.refusal == "");
    REQUIRE(cause.splits.size() == 2);
    for (const LatencySplit& split : cause.splits) {
      double sum = 0;
      for (const LatencyPart& part : split.parts) {
        sum += part.ms;
        CHECK(std::abs(part.ms) <= (part.name == row.part ? split.change_ms : 0) + 1e-6);
      }
      CHECK(sum == doctest::Approx(split.change_ms));
      CHECK(split.sentence.find(row.part) != std::string::npos);
    }
  }
  const LatencyCause cause = explain_latency(before, run_on({.queue = 150}, 200));
  CHECK(cause.splits[0].sentence.starts_with("latency (mean) rose by 100 ms, from "));
}

TEST_CASE("latency cause: bounded memory, and what is missing") {
  const LatencyCause many = explain_latency(run_on({}, 50000), run_on({.decode = 11}, 50000));
  CHECK(many.cases <= 20000);
  CHECK(many.splits[1].sentence.find("decode per token") != std::string::npos);
  CHECK(explain_latency(BuiltRun(builtin_measures()), run_on({}, 5)).refusal ==
        "no case has tokens and times in both runs");
  CHECK(explain_latency(BuiltRun({}), run_on({}, 5)).refusal == "`latency` was not measured");
}
