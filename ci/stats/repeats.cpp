#include "ci/stats/repeats.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> check(std::span<const Answers> run) {
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (run[i].empty()) return invalid_input("no_answers", "a case has no answers", i);
    if (check_finite(run[i]))
      return invalid_input("non_finite_value", "an answer's score is not a finite number", i);
  }
  return std::nullopt;
}

struct Within {
  std::optional<double> variance;  // mean over the cases with two answers or more
  double inverse_k = 0.0;          // mean of 1/k over all cases
};
Within within(std::span<const Answers> run) {
  Within w;
  MeanPass variances, inverse;
  for (const Answers& answers : run) {
    inverse.add(1.0 / static_cast<double>(answers.size()));
    if (answers.size() >= 2) variances.add(variance(answers));
  }
  if (variances.count() > 0) w.variance = variances.mean();
  w.inverse_k = inverse.mean();
  return w;
}

}  // namespace

Tested<VarianceComponents> variance_components(std::span<const Answers> baseline,
                                               std::span<const Answers> candidate) {
  if (baseline.size() != candidate.size())
    return invalid_input("length_mismatch", "both runs must hold the same cases");
  if (auto refusal = check(baseline)) return *refusal;
  if (auto refusal = check(candidate)) return *refusal;
  if (baseline.empty()) return no_cases();
  if (baseline.size() < 2) return fewer_than_two_cases();
  std::vector<double> d(baseline.size());
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = mean(candidate[i]) - mean(baseline[i]);
  const Moments m = moments(d);
  VarianceComponents v;
  v.n = static_cast<std::int64_t>(m.n);
  v.mean_difference = m.mean;
  v.var_case_means = m.sd * m.sd;
  v.se = m.sd / std::sqrt(static_cast<double>(m.n));
  const Within b = within(baseline), c = within(candidate);
  if (!b.variance || !c.variance) return v;
  v.within_baseline = b.variance;
  v.within_candidate = c.variance;
  v.noise_of_mean = *b.variance * b.inverse_k + *c.variance * c.inverse_k;
  v.between = std::max(0.0, v.var_case_means - *v.noise_of_mean);
  if (v.var_case_means > 0.0) v.share_within = std::min(1.0, *v.noise_of_mean / v.var_case_means);
  return v;
}

}  // namespace llmops::stats
