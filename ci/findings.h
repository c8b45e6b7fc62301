#pragma once
// What is found in a comparison beside its rules: why tokens, cost and times changed, slices that
// lost, losses that each passed and have added up. Findings, never a verdict.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ci/gate/verdict.h"
#include "ci/token_cause.h"

namespace llmops {

struct Finding {
  std::string_view kind;  // "tokens" | "cost" | "latency" | "slice" | "slow_drift" |
                          // "flaky" | "variance" (ci/repeats.h)
  std::string subject;    // "output_tokens", "latency p95", "numeric_match where tags.lang = de"
  std::string unit;
  std::optional<double> baseline, candidate;
  std::vector<CausePart> parts;  // add up to candidate - baseline
  std::string sentence;
  bool told = false;  // a rule's `why` says it already
};

// Causes are looked for where a measure moved beyond chance, or where a rule on it did not pass.
std::vector<Finding> find_causes(const RunSource& baseline, const RunSource& candidate,
                                 const Comparison& comparison);
// Slices that got worse, the smallest p first.
std::vector<Finding> find_slices(const Comparison& comparison);
// Rules that hold against the present baseline and fail against the oldest one kept beside it.
std::vector<Finding> find_added_losses(const std::filesystem::path& baseline,
                                       const RunSource& candidate, const GateSpec& gate,
                                       const Verdict& now);

// All of these. `gate`, `now` and the baseline's file may be absent.
std::vector<Finding> find_all(const RunSource& baseline, const RunSource& candidate,
                              const Comparison& comparison, const GateSpec* gate,
                              const Verdict* now);

// Adds to each rule on tokens, cost or latency that did not pass where the change comes from. The
// headline stays as it is.
void name_causes(std::vector<Finding>& findings, Verdict& verdict);

}  // namespace llmops
