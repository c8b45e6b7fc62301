#include "ci/stats/gate_bounds.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/guarded.h"
#include "ci/stats/guarded_independent.h"
#include "ci/stats/mcnemar.h"
#include "ci/stats/moments.h"
#include "ci/stats/paired_binary.h"
#include "ci/stats/ratios.h"
#include "ci/stats/two_proportions.h"

namespace llmops::stats {
namespace {

std::optional<Refusal> check(const GateQuestion& q) {
  if (!(q.alpha > 0.0 && q.alpha < 0.5))
    return invalid_input("bad_alpha", "alpha lies between 0 and 0.5");
  if (auto refusal = check_margin(q.margin)) return refusal;
  if (q.kind == DataKind::bounded) return check_scale(q.lowest, q.highest);
  return std::nullopt;
}

// Bounds and p-values of candidate - baseline, turned round where lower is better.
GateBounds oriented(std::string_view method, double estimate, Interval bounds, double p_less,
                    double p_greater, const GateQuestion& q) {
  GateBounds g;
  g.method = method;
  g.margin = q.margin;
  g.estimate = q.higher_is_better ? estimate : -estimate;
  g.lower = q.higher_is_better ? bounds.lower : -bounds.upper;
  g.upper = q.higher_is_better ? bounds.upper : -bounds.lower;
  g.p_worse = q.higher_is_better ? p_less : p_greater;
  return g;
}

Tested<GateBounds> binary_pairs(PairedTable table, const GateQuestion& q) {
  if (!q.higher_is_better) {
    std::swap(table.losses, table.gains);
    std::swap(table.both, table.neither);
  }
  const Tested<Interval> bounds = tango_bounds(table, 1.0 - q.alpha);
  if (!bounds) return bounds.refusal();
  const Tested<McNemar> test = mcnemar(table);
  GateBounds g;
  g.method = "paired_binary_score";
  g.estimate = table.difference();
  g.lower = bounds->lower;
  g.upper = bounds->upper;
  g.margin = q.margin;
  g.p_worse = q.strict ? test->exact_worse : test->mid_worse;
  return g;
}

Tested<GateBounds> bounded_pairs(std::span<const double> differences, double range,
                                 const GateQuestion& q) {
  const Tested<Guarded> bounds = guarded(differences, range, 1.0 - q.alpha);
  if (!bounds) return bounds.refusal();
  return oriented("paired_bounded_guarded", bounds->mean, {bounds->lower, bounds->upper},
                  bounds->p_less, bounds->p_greater, q);
}

std::optional<Refusal> check_scores(std::span<const double> values, const GateQuestion& q) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] < q.lowest || values[i] > q.highest)
      return invalid_input("value_outside_range", "a score lies outside the declared range", i);
  return std::nullopt;
}

Tested<Proportion> proportion(std::span<const double> values) {
  Proportion p;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0.0 && values[i] != 1.0)
      return invalid_input("not_binary", "value " + std::to_string(i + 1) + " is not 0 or 1", i);
    p.k += values[i] == 1.0;
    ++p.n;
  }
  return p;
}

}  // namespace

Tested<GateBounds> paired_bounds(std::span<const double> baseline,
                                 std::span<const double> candidate, const GateQuestion& q) {
  if (auto refusal = check(q)) return *refusal;
  if (auto refusal = check_pairs(baseline, candidate)) return *refusal;
  switch (q.kind) {
    case DataKind::binary: {
      const Tested<PairedTable> table = paired_table(baseline, candidate);
      if (!table) return table.refusal();
      return binary_pairs(*table, q);
    }
    case DataKind::bounded: {
      if (auto refusal = check_scores(baseline, q)) return *refusal;
      if (auto refusal = check_scores(candidate, q)) return *refusal;
      const Tested<std::vector<double>> d = differences(baseline, candidate);
      if (!d) return d.refusal();
      return bounded_pairs(*d, q.highest - q.lowest, q);
    }
    case DataKind::positive:
      break;
  }
  const Tested<LogRatio> ratio = log_ratio(baseline, candidate, 1.0 - q.alpha);
  if (!ratio) return ratio.refusal();
  GateBounds g = oriented("paired_log_ratio", ratio->log.mean, {ratio->log.lower, ratio->log.upper},
                          ratio->log.p_less, ratio->log.p_greater, q);
  g.margin = std::log1p(q.margin);
  return g;
}

Tested<GateBounds> independent_bounds(std::span<const double> baseline,
                                      std::span<const double> candidate, const GateQuestion& q) {
  if (auto refusal = check(q)) return *refusal;
  if (auto refusal = check_finite(baseline)) return *refusal;
  if (auto refusal = check_finite(candidate)) return *refusal;
  if (q.kind == DataKind::positive)
    return not_testable("needs_pairs", "a relative change needs the same cases in both runs");
  if (q.kind == DataKind::bounded) {
    const Tested<GuardedIndependent> bounds =
        guarded_independent(baseline, candidate, q.lowest, q.highest, 1.0 - q.alpha);
    if (!bounds) return bounds.refusal();
    return oriented("independent_bounded_guarded", bounds->difference,
                    {bounds->lower, bounds->upper}, bounds->used.p_less, bounds->used.p_greater, q);
  }
  const Tested<Proportion> b = proportion(baseline), c = proportion(candidate);
  if (!b) return b.refusal();
  if (!c) return c.refusal();
  const Tested<Interval> bounds = newcombe_bounds(*b, *c, 1.0 - q.alpha);
  if (!bounds) return bounds.refusal();
  const Tested<ZTest> test = pooled_z(*b, *c);
  // All or none succeed on both sides: nothing speaks for a difference.
  const ZTest z = test ? *test : ZTest{};
  return oriented("independent_binary_newcombe", c->rate() - b->rate(), *bounds, z.p_less,
                  z.p_greater, q);
}

Tested<TwoStage> two_stage(std::span<const double> differences, DataKind kind, double range,
                           double margin, double alpha_early, double alpha_final) {
  if (kind == DataKind::positive)
    return invalid_input("bad_method", "stopping early needs a bounded metric");
  const Tested<SequentialRun> run = sequential_gate(differences, margin, range, alpha_early);
  if (!run) return run.refusal();
  TwoStage r;
  if (run->stop) {
    r.early = true;
    r.stop = *run->stop;
    r.verdict = run->verdict == EarlyVerdict::pass ? Verdict::pass : Verdict::regression;
    return r;
  }
  GateQuestion q;
  q.kind = kind;
  q.margin = margin;
  q.alpha = alpha_final;
  if (auto refusal = check_alpha(alpha_final)) return *refusal;
  Tested<GateBounds> bounds = no_cases();
  if (kind == DataKind::binary) {
    PairedTable table;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      const double d = differences[i];
      if (d != -1.0 && d != 0.0 && d != 1.0)
        return invalid_input("not_binary", "a difference is not -1, 0 or 1", i);
      ++(d < 0.0 ? table.losses : d > 0.0 ? table.gains : table.both);
    }
    bounds = binary_pairs(table, q);
  } else {
    bounds = bounded_pairs(differences, range, q);
  }
  if (!bounds) return bounds.refusal();
  r.stop = static_cast<std::int64_t>(differences.size());
  r.bounds = *bounds;
  r.verdict = decide(bounds->for_verdict(), alpha_final).verdict;
  return r;
}

}  // namespace llmops::stats
