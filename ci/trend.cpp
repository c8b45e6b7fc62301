#include "ci/trend.h"

#include "ci/baseline.h"
#include "ci/compare/row_pairs.h"
#include "ci/stats/change_point.h"
#include "ci/stats/moments.h"
#include "ci/stats/resampling.h"

namespace llmops {
namespace {

std::optional<TrendPoint> point_of(const RunSource& run, const MeasureColumn& column) {
  stats::MeanPass mean;
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);)
    if (const auto value = column.value(row)) mean.add(*value);
  if (mean.count() == 0) return std::nullopt;
  return TrendPoint{run.header().id, run.header().created, mean.mean(),
                    static_cast<std::int64_t>(mean.count())};
}

TrendChange described(const stats::ChangePoint& found, const Trend& trend) {
  TrendChange change;
  change.index = found.index;
  change.run = trend.points[found.index].run;
  change.created = trend.points[found.index].created;
  change.before = found.mean_before;
  change.after = found.mean_after;
  change.relative = found.relative_change;
  if (found.difference) {
    change.interval_low = found.difference->lower;
    change.interval_high = found.difference->upper;
  }
  change.p = found.p;
  const bool rose = found.mean_after > found.mean_before;
  change.worse = trend.measure.better == Better::neither
                     ? false
                     : rose == (trend.measure.better == Better::lower);
  return change;
}

}  // namespace

Trend find_trend(const std::vector<const RunSource*>& runs, const std::string& measure,
                 std::uint64_t seed) {
  Trend trend;
  trend.measure.name = measure;
  std::vector<double> values;
  for (const RunSource* run : runs) {
    const auto column = MeasureColumn::find(run->header(), measure);
    if (!column) continue;
    const auto point = point_of(*run, *column);
    if (!point) continue;
    trend.measure = column->measure();
    trend.points.push_back(*point);
    values.push_back(point->value);
  }
  const auto found =
      stats::change_points(values, {.stream = stats::stream_of(seed, measure, "change points")});
  if (!found)
    trend.refusal = found.refusal().sentence;
  else
    for (const stats::ChangePoint& each : *found) trend.changes.push_back(described(each, trend));
  return trend;
}

std::vector<SlowDrift> find_slow_drift(const std::filesystem::path& baseline,
                                       const RunSource& candidate, const GateSpec& gate,
                                       const Verdict& now) {
  std::vector<SlowDrift> found;
  const std::vector<BaselineVersion> history = baseline_history(baseline);
  if (history.empty()) return found;
  const auto oldest = open_baseline(history.back().file);
  if (!oldest) return found;
  GateSpec comparing = gate;
  std::erase_if(comparing.rules, [](const Rule& rule) { return !rule.compares(); });
  Comparison comparison = compare(**oldest, candidate, comparing);
  const Verdict then = decide(comparing, candidate, {}, &comparison);
  for (const RuleOutcome& rule : then.rules) {
    if (rule.outcome != Outcome::fail) continue;
    for (const RuleOutcome& present : now.rules)
      if (present.rule.text == rule.rule.text && present.outcome != Outcome::fail)
        found.push_back(
            {rule.rule.text, (*oldest)->header().id, (*oldest)->header().created, rule.why});
  }
  return found;
}

}  // namespace llmops
