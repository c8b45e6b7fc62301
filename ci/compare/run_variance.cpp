#include "ci/compare/run_variance.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "ci/compare/changes.h"
#include "ci/compare/quantiles.h"
#include "ci/compare/row_pairs.h"
#include "ci/gate/tag_filter.h"
#include "ci/stats/distributions.h"
#include "ci/stats/latency_rounds.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"

namespace llmops {
namespace {

// Logarithm of the quantity in one run: of its quantile, or the mean of the logarithms.
std::optional<double> log_level(const MetricComparison& metric, const RunSource& run) {
  const auto column = MeasureColumn::find(run.header(), metric.measure.name);
  if (!column || column->measure().signature != metric.measure.signature) return std::nullopt;
  const TagFilter filter = TagFilter::parse(metric.where).value_or(TagFilter());
  std::vector<double> logs;
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);) {
    const auto value = filter.matches(row.tags) ? column->value(row) : std::nullopt;
    if (value && *value > 0) logs.push_back(std::log(*value));
  }
  if (logs.empty()) return std::nullopt;
  if (const auto level = quantile_level(metric.quantity)) return *stats::quantile(logs, *level);
  return stats::mean(logs);
}

}  // namespace

void widen_by_runs(MetricComparison& metric,
                   std::span<const std::shared_ptr<const RunSource>> accepted,
                   const RunHeader& candidate) {
  if (metric.scale != Scale::log_ratio || !metric.lower || !metric.upper || !metric.alpha) return;
  std::vector<double> levels;
  for (const auto& run : accepted) {
    if (other_hardware(run->header(), candidate)) continue;
    if (const auto level = log_level(metric, *run)) levels.push_back(*level);
  }
  stats::LatencyBounds bounds;
  bounds.ratio = std::exp(metric.sign * *metric.estimate);
  bounds.log_se = (*metric.upper - *metric.lower) / (2 * stats::normal_isf(*metric.alpha));
  const auto widened = stats::with_run_variance(bounds, levels, 1 - *metric.alpha);
  if (!widened) return;
  const double low = std::log(widened->lower), high = std::log(widened->upper);
  metric.lower = metric.sign > 0 ? low : -high;
  metric.upper = metric.sign > 0 ? high : -low;
  metric.p_worse.reset();
  metric.whole_interval = false;
  metric.method += ", runs";
  metric.why += fmt::format(", with the variance between {} accepted runs", levels.size());
  metric.certifiable_margin = *metric.lower < 0 ? std::optional(-*metric.lower) : std::nullopt;
}

}  // namespace llmops
