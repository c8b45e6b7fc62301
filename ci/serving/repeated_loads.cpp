#include "ci/serving/repeated_loads.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "ci/compare/quantiles.h"
#include "ci/compare/row_pairs.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "ci/stats/t_test.h"

namespace llmops {
namespace {

constexpr std::size_t kLeastLoads = 5;

std::vector<double> log_levels(const RunSource& run, const std::string& metric,
                               const std::string& statistic) {
  const auto column = MeasureColumn::find(run.header(), metric);
  if (!column) return {};
  std::map<std::string, std::vector<double>> loads;
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);)
    if (const auto value = column->value(row); value && *value > 0 && !row.group.empty())
      loads[row.group].push_back(*value);
  std::vector<double> levels;
  for (const auto& entry : loads) {
    const auto p = quantile_level(statistic);
    const double level = p ? *stats::quantile(entry.second, *p) : stats::mean(entry.second);
    levels.push_back(std::log(level));
  }
  return levels;
}

}  // namespace

std::optional<RepeatedLoads> repeated_loads(const RunSource& baseline, const RunSource& candidate,
                                            const std::string& metric, const std::string& statistic,
                                            double alpha) {
  if (statistic != "mean" && !quantile_level(statistic)) return std::nullopt;
  const std::vector<double> before = log_levels(baseline, metric, statistic),
                            after = log_levels(candidate, metric, statistic);
  if (std::min(before.size(), after.size()) < kLeastLoads) return std::nullopt;
  const auto test = stats::t_welch(before, after, 1 - 2 * alpha);
  if (!test) return std::nullopt;
  RepeatedLoads found{.baseline = before.size(), .candidate = after.size()};
  found.bounds.ratio = std::exp(test->mean);
  found.bounds.lower = std::exp(test->interval.lower);
  found.bounds.upper = std::exp(test->interval.upper);
  found.bounds.log_se = test->se;
  return found;
}

}  // namespace llmops
