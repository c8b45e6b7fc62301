#include "ci/stats/gate_verdict.h"

#include <algorithm>

#include "ci/stats/checks.h"
#include "ci/stats/multiplicity.h"

namespace llmops::stats {

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::regression:
      return "regression";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::no_regression_detected:
      return "no_regression_detected";
    case Verdict::not_testable:
      return "not_testable";
  }
  return "";
}

std::vector<std::string_view> Decision::notes() const {
  std::vector<std::string_view> notes;
  if (real_loss_within_margin) notes.push_back("real_loss_within_margin");
  if (loss_exceeds_margin) notes.push_back("loss_exceeds_margin");
  if (improvement) notes.push_back("improvement");
  return notes;
}

Decision decide(const MetricBounds& metric, double alpha) {
  Decision d;
  if (!metric.lower) return d;
  const bool worse_by_bound = !metric.upper || *metric.upper < 0.0;
  const bool worse_by_p = !metric.p_worse || *metric.p_worse <= alpha;
  const bool can_be_worse = metric.upper || metric.p_worse;
  if (*metric.lower > -metric.margin)
    d.verdict = Verdict::pass;
  else if (can_be_worse && worse_by_bound && worse_by_p)
    d.verdict = Verdict::regression;
  else
    d.verdict = metric.margin > 0.0 ? Verdict::inconclusive : Verdict::no_regression_detected;

  const bool loss = metric.upper && *metric.upper < 0.0;
  d.real_loss_within_margin = d.verdict == Verdict::pass && loss;
  d.loss_exceeds_margin = loss && metric.margin > 0.0 && *metric.upper < -metric.margin;
  d.improvement = *metric.lower > 0.0;
  return d;
}

Tested<FamilyDecision> decide_family(std::span<const MetricBounds> metrics, double alpha) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  std::vector<std::optional<double>> p;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (auto refusal = check_margin(metrics[i].margin)) {
      refusal->index = i;
      return *refusal;
    }
    p.push_back(metrics[i].lower ? metrics[i].p_worse : std::nullopt);
  }
  const auto adjusted = adjust(p, Adjustment::holm);
  if (!adjusted) return adjusted.refusal();

  FamilyDecision family;
  family.p_worse_adjusted = *adjusted;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    MetricBounds metric = metrics[i];
    metric.p_worse = family.p_worse_adjusted[i];
    family.metrics.push_back(decide(metric, alpha));
  }
  const auto is = [](Verdict verdict) {
    return [verdict](const Decision& d) { return d.verdict == verdict; };
  };
  if (std::ranges::any_of(family.metrics, is(Verdict::regression)))
    family.overall = Verdict::regression;
  else if (!family.metrics.empty() && std::ranges::all_of(family.metrics, is(Verdict::pass)))
    family.overall = Verdict::pass;
  else if (!family.metrics.empty())
    family.overall = Verdict::inconclusive;
  return family;
}

}  // namespace llmops::stats
