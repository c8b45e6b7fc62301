#include "ci/compare/inference.h"

#include <fmt/format.h>

#include <cmath>

#include "ci/stats/clustered.h"
#include "ci/stats/guarded.h"
#include "ci/stats/guarded_independent.h"
#include "ci/stats/mcnemar.h"
#include "ci/stats/t_test.h"
#include "ci/stats/two_proportions.h"

namespace llmops {
namespace {

using stats::Guarded;
using stats::Tested;

bool bounded(const Measure& measure) {
  return measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
}

Inference refused(Inference found, const stats::Refusal& refusal) {
  found.refusal = refusal.sentence;
  return found;
}

// The same change in every case leaves no spread to infer from: the bounds are the change itself,
// and the chance that n cases all got worse when either way was as likely is 2^-n (a sign test).
Inference constant(Inference found, double change, std::int64_t n) {
  found.why += "; every case changed by the same amount";
  found.estimate = found.lower = found.upper = change;
  found.p_worse =
      change < 0 ? std::ldexp(1.0, -static_cast<int>(std::min<std::int64_t>(n, 1000))) : 1.0;
  return found;
}

Inference with(Inference found, const Tested<Guarded>& guarded) {
  if (!guarded) return refused(std::move(found), guarded.refusal());
  found.estimate = guarded->mean;
  found.lower = guarded->lower;
  found.upper = guarded->upper;
  found.p_worse = guarded->p_less;
  return found;
}

// Tango's score bounds and McNemar's test.
Inference binary_paired(const InferenceRequest& request, const PairedTally& tally) {
  Inference found{
      .method = request.strict ? "tango score, exact mcnemar" : "tango score, mcnemar mid-p",
      .why = "pass/fail of the same cases"};
  const stats::PairedTable& table = tally.table();
  const auto limits = stats::tango_bounds(table, 1 - request.alpha);
  if (!limits) return refused(std::move(found), limits.refusal());
  const auto test = stats::mcnemar(table);
  if (!test) return refused(std::move(found), test.refusal());
  found.estimate = table.difference();
  found.lower = limits->lower;
  found.upper = limits->upper;
  found.p_worse = request.strict ? test->exact_worse : test->mid_worse;
  found.sd =
      std::sqrt(static_cast<double>(table.gains + table.losses) / static_cast<double>(table.n()));
  found.range = 1.0;
  return found;
}

Inference guarded_paired(const InferenceRequest& request, const PairedTally& tally) {
  const double range = request.measure.range.high - request.measure.range.low;
  Inference found{.method = "guarded",
                  .why = request.measure.kind == ScoreKind::binary
                             ? "pass/fail averaged over the answers to a case"
                             : "bounded scores of the same cases"};
  found.sd = tally.difference().sd;
  found.range = range;
  return with(std::move(found), stats::guarded(tally.difference(), range, 1 - request.alpha));
}

Inference log_ratio_paired(const InferenceRequest& request, const PairedTally& tally) {
  Inference found{.method = "log ratio",
                  .why = "positive quantities of the same cases",
                  .scale = Scale::log_ratio};
  const stats::Moments logs = tally.logarithm();
  found.sd = logs.sd;
  if (logs.n > 1 && logs.constant()) return constant(std::move(found), logs.mean, tally.n());
  return with(std::move(found), stats::skew_corrected(logs, 1 - request.alpha));
}

Inference ratio_of_sums_paired(const InferenceRequest& request, const PairedTally& tally) {
  Inference found{
      .method = "ratio of sums", .why = "some values are not above 0", .scale = Scale::ratio};
  if (tally.n() < 2)
    return refused(std::move(found), stats::not_testable("", "fewer than two cases have a value"));
  if (tally.baseline_mean() <= 0)
    return refused(
        std::move(found),
        stats::not_testable("", "the baseline adds up to 0, so no share of it can be formed"));
  const double change = tally.sign() * (tally.ratio() - 1);
  const double error = tally.ratio_error();
  found.sd = error * std::sqrt(static_cast<double>(tally.n()));
  if (error <= 1e-12 * std::abs(tally.ratio()))
    return constant(std::move(found), change, tally.n());
  const auto df = static_cast<double>(tally.n() - 1);
  const stats::TTest test = stats::t_from_error(change, error, df, 0.0, 1 - request.alpha);
  found.estimate = change;
  found.lower = test.lower_bound;
  found.upper = test.upper_bound;
  found.p_worse = test.p_less;
  return found;
}

Inference difference_paired(const InferenceRequest& request, const PairedTally& tally) {
  Inference found{.method = "skewness-corrected t",
                  .why = "differences of the same cases, on an open scale"};
  const stats::Moments difference = tally.difference();
  found.sd = difference.sd;
  if (difference.n > 1 && difference.constant())
    return constant(std::move(found), difference.mean, tally.n());
  return with(std::move(found), stats::skew_corrected(difference, 1 - request.alpha));
}

// Fewer clusters than this give no error of their mean worth the name (Cameron & Miller 2015).
constexpr std::size_t kLeastClusters = 5;

Inference over_clusters(Inference found, const stats::Clusters& clusters) {
  found.why += ", whose clusters are the units";
  found.clusters = static_cast<std::int64_t>(clusters.sums.size());
  found.sd = clusters.se_cr1 * std::sqrt(static_cast<double>(clusters.cases));
  if (clusters.sums.size() < kLeastClusters)
    found.refusal = fmt::format("there are only {} clusters, and fewer than {} tell nothing",
                                clusters.sums.size(), kLeastClusters);
  return found;
}

Inference skew_corrected_clusters(Inference found, const stats::Clusters& clusters, double alpha) {
  found = over_clusters(std::move(found), clusters);
  if (!found.refusal.empty()) return found;
  const stats::Moments units = stats::moments(stats::pseudo_values(clusters));
  if (units.constant()) return constant(std::move(found), clusters.mean, found.clusters);
  return with(std::move(found), stats::skew_corrected(units, 1 - alpha));
}

Inference ratio_of_sums_clusters(Inference found, const PairedTally& tally, double alpha) {
  const stats::Clusters clusters = tally.ratio_clusters();
  found = over_clusters(std::move(found), clusters);
  if (!found.refusal.empty()) return found;
  const double change = tally.sign() * (tally.ratio() - 1);
  if (clusters.se_cr1 <= 1e-12 * std::abs(tally.ratio()))
    return constant(std::move(found), change, found.clusters);
  const stats::TTest test = stats::t_from_error(
      change, clusters.se_cr1, static_cast<double>(found.clusters - 1), 0.0, 1 - alpha);
  found.estimate = change;
  found.lower = test.lower_bound;
  found.upper = test.upper_bound;
  found.p_worse = test.p_less;
  return found;
}

// Cases of one document or conversation say the same thing several times.
Inference clustered(const InferenceRequest& request, const PairedTally& tally) {
  if (bounded(request.measure)) {
    const double range = request.measure.range.high - request.measure.range.low;
    Inference found{.method = "guarded clusters", .why = "scores of the same cases"};
    const stats::Clusters clusters = tally.difference_clusters();
    found = over_clusters(std::move(found), clusters);
    found.range = range;
    const double independent = tally.difference().sd;
    if (independent > 0) found.design_effect = *found.sd * *found.sd / (independent * independent);
    if (!found.refusal.empty()) return found;
    return with(std::move(found), stats::guarded_clustered(clusters, range, 1 - request.alpha));
  }
  if (!request.relative)
    return skew_corrected_clusters(
        {.method = "skewness-corrected t of clusters", .why = "differences of the same cases"},
        tally.difference_clusters(), request.alpha);
  if (tally.positive())
    return skew_corrected_clusters({.method = "log ratio of clusters",
                                    .why = "positive quantities of the same cases",
                                    .scale = Scale::log_ratio},
                                   tally.logarithm_clusters(), request.alpha);
  if (tally.baseline_mean() <= 0)
    return {.refusal = "the baseline adds up to 0, so no share of it can be formed"};
  return ratio_of_sums_clusters({.method = "ratio of sums of clusters",
                                 .why = "some values are not above 0",
                                 .scale = Scale::ratio},
                                tally, request.alpha);
}

Inference binary_independent(const InferenceRequest& request, const ArmTally& baseline,
                             const ArmTally& candidate) {
  Inference found{.method = "newcombe hybrid score, pooled z",
                  .why = "pass/fail of different cases"};
  const stats::Proportion before{baseline.ones(), baseline.n()},
      after{candidate.ones(), candidate.n()};
  const auto limits = stats::newcombe_bounds(before, after, 1 - request.alpha);
  if (!limits) return refused(std::move(found), limits.refusal());
  const auto test = stats::pooled_z(before, after);
  const bool up = request.sign > 0;
  found.estimate = request.sign * (after.rate() - before.rate());
  found.lower = up ? limits->lower : -limits->upper;
  found.upper = up ? limits->upper : -limits->lower;
  found.p_worse = !test ? 1.0 : up ? test->p_less : test->p_greater;
  return found;
}

// Inference of Welch's kind, turned round where less is better.
Inference welch(Inference found, double sign, double difference, double lower, double upper,
                const stats::TTest& test) {
  found.estimate = sign * difference;
  found.lower = sign > 0 ? lower : -upper;
  found.upper = sign > 0 ? upper : -lower;
  found.p_worse = sign > 0 ? test.p_less : test.p_greater;
  return found;
}

Inference guarded_arms(const InferenceRequest& request, const ArmTally& baseline,
                       const ArmTally& candidate) {
  Inference found{.method = "guarded welch", .why = "bounded scores of different cases"};
  const auto test =
      stats::guarded_independent(baseline.moments(), candidate.moments(), request.measure.range.low,
                                 request.measure.range.high, 1 - request.alpha);
  if (!test) return refused(std::move(found), test.refusal());
  return welch(std::move(found), request.sign, test->difference, test->lower, test->upper,
               test->used);
}

Inference open_arms(const InferenceRequest& request, const ArmTally& baseline,
                    const ArmTally& candidate) {
  Inference found{.method = "welch t", .why = "values of different cases, on an open scale"};
  const bool logs = request.relative && baseline.positive() && candidate.positive();
  if (logs) {
    found.method = "welch t of logarithms";
    found.why = "positive quantities of different cases";
    found.scale = Scale::log_ratio;
  }
  const auto test =
      logs ? stats::t_welch(baseline.logarithm(), candidate.logarithm(), 1 - request.alpha)
           : stats::t_welch(baseline.moments(), candidate.moments(), 1 - request.alpha);
  if (!test) return refused(std::move(found), test.refusal());
  return welch(std::move(found), request.sign, test->mean, test->lower_bound, test->upper_bound,
               *test);
}

}  // namespace

std::string_view name(Scale scale) {
  switch (scale) {
    case Scale::difference:
      return "difference";
    case Scale::log_ratio:
      return "log ratio";
    case Scale::ratio:
      break;
  }
  return "ratio";
}

Inference infer_paired(const InferenceRequest& request, const PairedTally& tally) {
  if (tally.n() == 0) return {.refusal = "no case has a value in both runs"};
  if (tally.clustered()) return clustered(request, tally);
  if (request.measure.kind == ScoreKind::binary && tally.binary())
    return binary_paired(request, tally);
  if (bounded(request.measure)) return guarded_paired(request, tally);
  if (!request.relative) return difference_paired(request, tally);
  return tally.positive() ? log_ratio_paired(request, tally) : ratio_of_sums_paired(request, tally);
}

Inference infer_independent(const InferenceRequest& request, const ArmTally& baseline,
                            const ArmTally& candidate) {
  if (baseline.n() == 0) return {.refusal = "no case of the baseline has a value"};
  if (candidate.n() == 0) return {.refusal = "no case of the candidate has a value"};
  if (request.measure.kind == ScoreKind::binary && baseline.binary() && candidate.binary())
    return binary_independent(request, baseline, candidate);
  if (bounded(request.measure)) return guarded_arms(request, baseline, candidate);
  return open_arms(request, baseline, candidate);
}

std::optional<double> margin_on(Scale scale, double amount, bool relative, double sign,
                                std::optional<double> baseline_mean) {
  switch (scale) {
    case Scale::log_ratio:
      return sign > 0 ? -std::log1p(-amount) : std::log1p(amount);
    case Scale::ratio:
      return amount;
    case Scale::difference:
      break;
  }
  if (!relative) return amount;
  if (!baseline_mean || *baseline_mean <= 0) return std::nullopt;
  return amount * *baseline_mean;
}

}  // namespace llmops
