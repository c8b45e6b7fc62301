#pragma once
// `test:` of a rule: the user names the test instead of leaving it to the data.

#include <cstdint>
#include <span>
#include <string>

#include "ci/compare/inference.h"

namespace llmops {

// paired_t, welch_t, mcnemar and bootstrap give their own bounds and p-value. wilcoxon and
// permutation test that nothing changed at all, which no margin enters: their p-value decides about
// a regression, and the bounds of `by_data` about a pass.
struct NamedTest {
  std::string name;
  std::uint64_t seed = 1;
  std::string metric;
  // Values of the cases that have one in both runs, in one order.
  std::span<const double> baseline, candidate;
};

Inference infer_by_name(const InferenceRequest& request, const NamedTest& test,
                        const PairedTally& pairs, const ArmTally& baseline,
                        const ArmTally& candidate, Inference by_data);

}  // namespace llmops
