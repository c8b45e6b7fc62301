#include "ci/stats/prediction_powered.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"

namespace llmops::stats {
namespace {

constexpr std::size_t kLeastLabeled = 20;

std::optional<Refusal> check(std::span<const double> labels, std::span<const double> judged,
                             std::span<const double> judged_unlabeled, double level) {
  if (auto refusal = check_level(level)) return refusal;
  if (auto refusal = check_pairs(labels, judged)) return refusal;
  if (auto refusal = check_finite(judged_unlabeled)) return refusal;
  if (labels.empty()) return not_testable("no_labeled_cases", "no case has a label");
  if (judged_unlabeled.empty())
    return not_testable("no_unlabeled_cases", "the judge rated no case beyond the labelled ones");
  return std::nullopt;
}

double tuned(std::span<const double> labels, std::span<const double> judged,
             std::span<const double> judged_unlabeled) {
  const double label_mean = mean(labels), judged_mean = mean(judged);
  Sum products;
  for (std::size_t i = 0; i < labels.size(); ++i)
    products.add((labels[i] - label_mean) * (judged[i] - judged_mean));
  const auto n = static_cast<double>(labels.size());
  const auto unlabeled = static_cast<double>(judged_unlabeled.size());
  std::vector<double> all(judged.begin(), judged.end());
  all.insert(all.end(), judged_unlabeled.begin(), judged_unlabeled.end());
  const Moments m = moments(all);
  if (m.constant() || m.sd * m.sd == 0.0) return 0.0;
  return std::clamp(products.value() / n / ((1.0 + n / unlabeled) * m.sd * m.sd), 0.0, 1.0);
}

// Variance with divisor n - 1 or n.
double spread(const Moments& m, bool unbiased) {
  if (m.n < 2) return 0.0;
  const auto n = static_cast<double>(m.n);
  return unbiased ? m.sd * m.sd : m.sd * m.sd * (n - 1.0) / n;
}

Tested<PredictionPowered> estimate(std::span<const double> labels, std::span<const double> judged,
                                   std::span<const double> judged_unlabeled, double level,
                                   double lambda, bool strict) {
  std::vector<double> rest(labels.size());
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = labels[i] - lambda * judged[i];
  const Moments others = moments(judged_unlabeled), corrections = moments(rest);
  PredictionPowered r;
  r.lambda = lambda;
  r.classical = mean(labels);
  r.naive = others.mean;
  r.estimate = lambda * others.mean + corrections.mean;
  r.se = std::sqrt(lambda * lambda * spread(others, strict) / static_cast<double>(others.n) +
                   spread(corrections, strict) / static_cast<double>(corrections.n));
  const double df = static_cast<double>(labels.size()) - 1.0;
  const auto quantile = [&](double tail) { return strict ? t_isf(tail, df) : normal_isf(tail); };
  const double two_sided = quantile((1.0 - level) / 2.0) * r.se;
  const double one_sided = quantile(1.0 - level) * r.se;
  r.interval = {r.estimate - two_sided, r.estimate + two_sided};
  r.lower_bound = r.estimate - one_sided;
  r.upper_bound = r.estimate + one_sided;
  if (auto refusal = check_results({r.lambda, r.estimate, r.se, two_sided, one_sided,
                                    r.interval.lower, r.interval.upper, r.classical, r.naive}))
    return *refusal;
  return r;
}

}  // namespace

Tested<PredictionPowered> prediction_powered(std::span<const double> labels,
                                             std::span<const double> judged,
                                             std::span<const double> judged_unlabeled, double level,
                                             std::optional<double> lambda) {
  if (auto refusal = check(labels, judged, judged_unlabeled, level)) return *refusal;
  if (lambda && !(*lambda >= 0.0 && *lambda <= 1.0))
    return invalid_input("bad_lambda", "the weight of the judge lies between 0 and 1");
  const double weight = lambda ? *lambda : tuned(labels, judged, judged_unlabeled);
  return estimate(labels, judged, judged_unlabeled, level, weight, false);
}

Tested<PredictionPowered> prediction_powered_strict(std::span<const double> labels,
                                                    std::span<const double> judged,
                                                    std::span<const double> judged_unlabeled,
                                                    double level) {
  if (auto refusal = check(labels, judged, judged_unlabeled, level)) return *refusal;
  if (labels.size() < kLeastLabeled)
    return not_testable("too_few_labeled_cases", "the correction needs at least 20 labelled cases");
  return estimate(labels, judged, judged_unlabeled, level, tuned(labels, judged, judged_unlabeled),
                  true);
}

}  // namespace llmops::stats
