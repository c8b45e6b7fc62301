#pragma once
// Choice of method by the data (statistics.md of the house, section 3), and its found.

#include <optional>
#include <string>

#include "ci/compare/tally.h"
#include "evaluators/run_record.h"

namespace llmops {

// On which scale estimate, bounds and margin are given.
enum class Scale {
  difference,  // candidate - baseline
  log_ratio,   // ln(candidate/baseline)
  ratio,       // candidate/baseline - 1
};
std::string_view name(Scale scale);

// Oriented: positive = candidate better. Where nothing can be inferred `lower` is absent and
// `refusal` says why.
struct Inference {
  std::string method;
  std::string why;  // this method
  Scale scale = Scale::difference;
  std::optional<double> estimate, lower, upper;  // one-sided bounds, each at 1 - alpha
  std::optional<double> p_worse;
  std::string refusal;
  // For planning, on `scale`: spread of one case, and the largest possible difference (bounded
  // only).
  std::optional<double> sd, range;
  std::int64_t clusters = 0;            // units, where they are not the cases
  std::optional<double> design_effect;  // variance over that of independent cases
};

struct InferenceRequest {
  Measure measure;
  bool relative = false;  // the margin is a share of the baseline
  double sign = 1.0;
  double alpha = 0.05;
  bool strict = false;  // exact McNemar
};

Inference infer_paired(const InferenceRequest& request, const PairedTally& tally);
Inference infer_independent(const InferenceRequest& request, const ArmTally& baseline,
                            const ArmTally& candidate);

// A stated margin on `scale`. `baseline_mean` turns a percentage of a bounded score into a
// difference; nullopt where it is not above 0.
std::optional<double> margin_on(Scale scale, double amount, bool relative, double sign,
                                std::optional<double> baseline_mean);

}  // namespace llmops
