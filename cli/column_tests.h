#pragma once
// The tests of `llmops stats` as documents: {test, statistic, df, p_value, alternative, difference,
// interval, n, ...} (README of this folder), or {test, outcome: "not testable", why, ...} where the
// data are sound and nothing can be inferred. Problems: input that no test takes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/columns.h"
#include "datasets/text/result.h"

namespace llmops {

struct TestOptions {
  double confidence = 0.95;
  std::string alternative = "two-sided";  // two-sided | less | greater: of candidate - baseline
  double null_value = 0;                  // paired t: the difference that is tested against
  std::uint64_t seed = 1;
  int resamples = 9999;
  std::string method;           // of the test: exact, approximate, mid-p, ...; empty: automatic
  std::string zeros = "pratt";  // wilcoxon: pratt | wilcox | zsplit
  bool continuity = true;       // wilcoxon
};

Result<Object> test_paired_t(const TwoColumns& data, const TestOptions& options);
Result<Object> test_welch_t(const TwoColumns& data, const TestOptions& options);
Result<Object> test_wilcoxon(const TwoColumns& data, const TestOptions& options);
Result<Object> test_mcnemar(const TwoColumns& data, const TestOptions& options);
Result<Object> test_permutation(const TwoColumns& data, const TestOptions& options);
Result<Object> test_bootstrap(const TwoColumns& data, const TestOptions& options);

// Two arms of an online experiment. Outcomes that are all 0 or 1 are proportions, others means.
// `effect`: the difference to plan for; absent: the one that was seen.
Result<Object> test_arms(const Arm& baseline, const Arm& candidate, const TestOptions& options,
                         double power, std::optional<double> effect);

struct PowerOptions {
  std::string design = "paired";  // paired | two-sample; of t tests
  std::optional<double> effect, sd, n, p1, p2, discordance, margin, range;
  double power = 0.8;  // wanted
  double alpha = 0.05;
  bool one_sided = false;
  std::string method = "arcsine";  // of two proportions
};
// What follows from what is given: power from effect and n, n from effect, effect from n.
Result<Object> plan_power(const PowerOptions& options);

}  // namespace llmops
