#include "ci/compare/quantiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/stats/quantile_interval.h"

namespace llmops {
namespace {

struct Limits {
  double estimate = 0, lower = 0, upper = 0;
};

// Turned into logarithms where the margin is a share.
std::optional<Limits> limits_of(std::span<const double> values, double level, double alpha,
                                bool logs) {
  const auto interval = stats::quantile_interval(values, level, 1 - 2 * alpha);
  if (!interval || !interval->lower || !interval->upper) return std::nullopt;
  const Limits limits{interval->estimate, *interval->lower, *interval->upper};
  if (!logs) return limits;
  if (limits.lower <= 0) return std::nullopt;
  return Limits{std::log(limits.estimate), std::log(limits.lower), std::log(limits.upper)};
}

}  // namespace

std::optional<double> quantile_level(const std::string& quantity) {
  if (quantity == "p50") return 0.5;
  if (quantity == "p90") return 0.9;
  if (quantity == "p95") return 0.95;
  if (quantity == "p99") return 0.99;
  return std::nullopt;
}

std::size_t least_cases(double level) {
  return level <= 0.5 ? 20 : level <= 0.9 ? 60 : level <= 0.95 ? 100 : 300;
}

Inference infer_quantile(const InferenceRequest& request, double level,
                         std::span<const double> baseline, std::span<const double> candidate) {
  Inference found{.method = "order statistics", .why = "a quantile, the case as the unit"};
  if (request.relative) found.scale = Scale::log_ratio;
  const std::size_t least = least_cases(level), fewer = std::min(baseline.size(), candidate.size());
  if (fewer < least) {
    found.refusal = fmt::format("p{:.0f} needs {} cases with a value in each run, and there are {}",
                                level * 100, least, fewer);
    return found;
  }
  const auto before = limits_of(baseline, level, request.alpha, request.relative);
  const auto after = limits_of(candidate, level, request.alpha, request.relative);
  if (!before || !after) {
    found.refusal = "the interval of the quantile is open or reaches 0";
    return found;
  }
  const double change = after->estimate - before->estimate;
  const double low =
      change - std::hypot(after->estimate - after->lower, before->upper - before->estimate);
  const double high =
      change + std::hypot(after->upper - after->estimate, before->estimate - before->lower);
  const bool up = request.sign > 0;
  found.estimate = request.sign * change;
  found.lower = up ? low : -high;
  found.upper = up ? high : -low;
  return found;
}

}  // namespace llmops
