#include "ci/compare/named_test.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ci/stats/bootstrap.h"
#include "ci/stats/permutation.h"
#include "ci/stats/resampling.h"
#include "ci/stats/t_test.h"
#include "ci/stats/wilcoxon.h"

namespace llmops {
namespace {

constexpr std::string_view kWhy = "the rule names the test";

// Oriented changes of the cases on the scale that the margin asks for: logarithms of ratios where
// it is a share and the values allow it, else differences.
struct Changes {
  std::vector<double> values;
  Scale scale = Scale::difference;
};

Changes changes_of(const InferenceRequest& request, const NamedTest& test, bool positive) {
  Changes changes;
  const bool logs = request.relative && positive && request.measure.kind == ScoreKind::positive;
  if (logs) changes.scale = Scale::log_ratio;
  for (std::size_t i = 0; i < test.baseline.size(); ++i)
    changes.values.push_back(request.sign * (logs ? std::log(test.candidate[i] / test.baseline[i])
                                                  : test.candidate[i] - test.baseline[i]));
  return changes;
}

Inference refused(Inference found, const stats::Refusal& refusal) {
  found.refusal = refusal.sentence;
  found.lower.reset();
  return found;
}

Inference started(std::string method, const Changes& changes) {
  Inference found{.method = std::move(method), .why = std::string(kWhy), .scale = changes.scale};
  found.sd = std::sqrt(stats::variance(changes.values));
  return found;
}

Inference paired_t(const InferenceRequest& request, const Changes& changes) {
  Inference found = started("paired t", changes);
  const auto test = stats::t_one_sample(changes.values, 0.0, 1 - request.alpha);
  if (!test) return refused(std::move(found), test.refusal());
  found.estimate = test->mean;
  found.lower = test->lower_bound;
  found.upper = test->upper_bound;
  found.p_worse = test->p_less;
  return found;
}

Inference welch_t(const InferenceRequest& request, const ArmTally& baseline,
                  const ArmTally& candidate) {
  Inference found{.method = "welch t", .why = std::string(kWhy)};
  const bool logs = request.relative && request.measure.kind == ScoreKind::positive &&
                    baseline.positive() && candidate.positive();
  if (logs) found.scale = Scale::log_ratio;
  const auto test =
      logs ? stats::t_welch(baseline.logarithm(), candidate.logarithm(), 1 - request.alpha)
           : stats::t_welch(baseline.moments(), candidate.moments(), 1 - request.alpha);
  if (!test) return refused(std::move(found), test.refusal());
  const bool up = request.sign > 0;
  found.estimate = request.sign * test->mean;
  found.lower = up ? test->lower_bound : -test->upper_bound;
  found.upper = up ? test->upper_bound : -test->lower_bound;
  found.p_worse = up ? test->p_less : test->p_greater;
  return found;
}

Inference bootstrap(const InferenceRequest& request, const NamedTest& test,
                    const Changes& changes) {
  Inference found = started("bca bootstrap", changes);
  const stats::BootstrapOptions options{.stream =
                                            stats::stream_of(test.seed, test.metric, "bootstrap")};
  const auto interval = stats::bootstrap_mean(changes.values, 1 - 2 * request.alpha, options);
  if (!interval) return refused(std::move(found), interval.refusal());
  found.estimate = interval->estimate;
  found.lower = interval->interval.lower;
  found.upper = interval->interval.upper;
  const std::vector<double> means = stats::bootstrap_means(changes.values, options);
  found.p_worse = stats::monte_carlo_p(
      std::ranges::count_if(means, [](double mean) { return mean >= 0; }), options.resamples);
  return found;
}

Inference with_p_of(Inference by_data, std::string_view name, std::optional<double> p,
                    const std::string& refusal) {
  by_data.why = "the rule names the " + std::string(name) +
                " for the p-value; no margin enters it, so the bounds are chosen by the data";
  if (p)
    by_data.p_worse = *p;
  else
    by_data.refusal = refusal;
  if (!p) by_data.lower.reset();
  by_data.method += ", " + std::string(name);
  return by_data;
}

}  // namespace

Inference infer_by_name(const InferenceRequest& request, const NamedTest& test,
                        const PairedTally& pairs, const ArmTally& baseline,
                        const ArmTally& candidate, Inference by_data) {
  if (test.name == "welch_t") return welch_t(request, baseline, candidate);
  if (test.name == "mcnemar") {
    if (request.measure.kind != ScoreKind::binary || !pairs.binary() || pairs.n() == 0)
      return {.method = "exact mcnemar", .refusal = "mcnemar needs pass/fail of the same cases"};
    InferenceRequest exact = request;
    exact.strict = true;
    Inference found = infer_paired(exact, pairs);
    found.why = kWhy;
    return found;
  }
  const Changes changes = changes_of(request, test, pairs.positive());
  if (test.name == "paired_t") return paired_t(request, changes);
  if (test.name == "bootstrap") return bootstrap(request, test, changes);
  if (test.name == "wilcoxon") {
    const auto ranks = stats::wilcoxon(changes.values);
    return with_p_of(std::move(by_data), "wilcoxon signed-rank test",
                     ranks ? std::optional(ranks->p_less) : std::nullopt,
                     ranks ? "" : ranks.refusal().sentence);
  }
  const auto flips = stats::sign_flip(
      changes.values,
      {.stream = stats::stream_of(test.seed, test.metric, "sign flips"), .alpha = request.alpha});
  return with_p_of(std::move(by_data), "sign-flip test",
                   flips ? std::optional(flips->p_less) : std::nullopt,
                   flips ? "" : flips.refusal().sentence);
}

}  // namespace llmops
