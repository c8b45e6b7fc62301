#include "ci/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/compare/quantile_sketch.h"
#include "ci/compare/tally.h"
#include "ci/set_figures.h"
#include "ci/stats/binomial_interval.h"
#include "ci/stats/guarded.h"

namespace llmops {
namespace {

constexpr double kOneSided = 0.975;  // both bounds together: a two-sided 95 % interval

// One measure while the rows stream by.
struct Gathering {
  QuantileSketch sketch;
  ArmTally tally;
  std::int64_t unscored = 0;

  void add(const std::optional<double>& value) {
    if (!value) {
      ++unscored;
      return;
    }
    sketch.add(*value);
    tally.first(*value);
  }
};

void add_interval(const Gathering& gathered, MeasureSummary& summary) {
  const ArmTally& tally = gathered.tally;
  const Measure& measure = summary.measure;
  if (measure.kind == ScoreKind::binary && tally.binary()) {
    if (const auto interval = stats::wilson(tally.ones(), tally.n())) {
      summary.interval_low = interval->lower;
      summary.interval_high = interval->upper;
    }
    return;
  }
  const bool bounded = measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
  const auto found = bounded ? stats::guarded_mean(tally.moments(), measure.range.low,
                                                   measure.range.high, kOneSided)
                             : stats::skew_corrected(tally.moments(), kOneSided);
  if (!found) return;
  // A mean cannot leave the scale that its scores are on, nor tokens, money and times fall below 0.
  const bool positive = measure.kind == ScoreKind::positive;
  summary.interval_low = bounded    ? std::max(found->lower, measure.range.low)
                         : positive ? std::max(found->lower, 0.0)
                                    : found->lower;
  summary.interval_high = bounded ? std::min(found->upper, measure.range.high) : found->upper;
}

MeasureSummary finish(const Measure& measure, Gathering& gathered) {
  MeasureSummary summary{
      .measure = measure, .n = gathered.tally.n(), .unscored = gathered.unscored};
  if (summary.n == 0) return summary;
  summary.mean = gathered.tally.mean();
  summary.total = *summary.mean * static_cast<double>(summary.n);
  summary.p50 = gathered.sketch.quantile(0.5);
  summary.p90 = gathered.sketch.quantile(0.9);
  summary.p95 = gathered.sketch.quantile(0.95);
  summary.p99 = gathered.sketch.quantile(0.99);
  summary.max = gathered.tally.max();
  add_interval(gathered, summary);
  return summary;
}

}  // namespace

const MeasureSummary* Summary::find(const std::string& name) const {
  const auto found = std::ranges::find_if(
      measures, [&](const MeasureSummary& each) { return each.measure.name == name; });
  return found == measures.end() ? nullptr : &*found;
}

Summary summarize(const RunSource& run, std::vector<std::string>& warnings) {
  const std::vector<Measure>& measures = run.header().measures;
  std::vector<Gathering> gathered(measures.size());
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);)
    for (std::size_t i = 0; i < measures.size(); ++i)
      gathered[i].add(i < row.values.size() ? row.values[i] : std::nullopt);

  // Spreads around the means: from the values while they are all there, else from a second pass.
  bool all_kept = true;
  for (Gathering& each : gathered) {
    each.tally.begin_second();
    for (const double value : each.sketch.values()) each.tally.second(value);
    all_kept = all_kept && each.sketch.exact();
  }
  if (!all_kept) {
    for (const auto rows = run.rows(); rows->next(row);)
      for (std::size_t i = 0; i < measures.size(); ++i)
        if (!gathered[i].sketch.exact() && i < row.values.size() && row.values[i])
          gathered[i].tally.second(*row.values[i]);
    warnings.push_back(fmt::format(
        "quantiles of more than {} cases come from a histogram with a relative error below 0.1%",
        QuantileSketch::kExact));
  }
  Summary summary;
  for (std::size_t i = 0; i < measures.size(); ++i)
    summary.measures.push_back(finish(measures[i], gathered[i]));
  for (const SetFigure& figure : set_figures(measures))
    summary.measures.push_back(summarize_figure(figure, run));
  return summary;
}

}  // namespace llmops
