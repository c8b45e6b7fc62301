#include "ci/compare/quantiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "ci/stats/bootstrap.h"
#include "ci/stats/quantile_interval.h"

namespace llmops {
namespace {

// Above this the order statistics are close enough together, and resampling would take seconds.
constexpr std::size_t kMostResampled = 2000;

bool above_zero(std::span<const double> values) {
  return std::ranges::all_of(values, [](double value) { return value > 0; });
}

// Type 7 without sorting everything. Reorders `values`.
double quantile_of(std::vector<double>& values, double level) {
  const double at = level * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(at);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[static_cast<std::size_t>(below)];
  const double share = at - static_cast<double>(below);
  if (share == 0) return low;
  return low + share * (*std::min_element(values.begin() + below + 1, values.end()) - low);
}

double change_of(std::vector<double>& before, std::vector<double>& after, double level, bool logs) {
  const double b = quantile_of(before, level), c = quantile_of(after, level);
  return logs ? std::log(c / b) : c - b;
}

Inference resampled(Inference found, const InferenceRequest& request, double level,
                    std::span<const double> baseline, std::span<const double> candidate,
                    std::uint64_t stream) {
  found.method = "percentile bootstrap";
  const auto statistic = [&](std::span<const std::uint32_t> indices) {
    std::vector<double> before(indices.size()), after(indices.size());
    for (std::size_t i = 0; i < indices.size(); ++i) {
      before[i] = baseline[indices[i]];
      after[i] = candidate[indices[i]];
    }
    return request.sign * change_of(before, after, level, request.relative);
  };
  const std::vector<double> changes =
      stats::bootstrap(baseline.size(), statistic, {.stream = stream});
  const auto bounds =
      stats::percentile_bounds(changes, std::array{request.alpha, 1 - request.alpha});
  if (!bounds) {
    found.refusal = bounds.refusal().sentence;
    return found;
  }
  std::vector<double> before(baseline.begin(), baseline.end());
  std::vector<double> after(candidate.begin(), candidate.end());
  found.estimate = request.sign * change_of(before, after, level, request.relative);
  found.lower = (*bounds)[0];
  found.upper = (*bounds)[1];
  return found;
}

struct Limits {
  double estimate = 0, lower = 0, upper = 0;
};

std::optional<Limits> limits_of(std::span<const double> values, double level, double alpha,
                                bool logs) {
  const auto interval = stats::quantile_interval(values, level, 1 - 2 * alpha);
  if (!interval || !interval->lower || !interval->upper) return std::nullopt;
  const Limits limits{interval->estimate, *interval->lower, *interval->upper};
  if (!logs) return limits;
  return Limits{std::log(limits.estimate), std::log(limits.lower), std::log(limits.upper)};
}

Inference combined(Inference found, const InferenceRequest& request, double level,
                   std::span<const double> baseline, std::span<const double> candidate) {
  const auto before = limits_of(baseline, level, request.alpha, request.relative);
  const auto after = limits_of(candidate, level, request.alpha, request.relative);
  if (!before || !after) {
    found.refusal = "the interval of the quantile is open";
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
                         std::span<const double> baseline, std::span<const double> candidate,
                         bool paired, std::uint64_t stream) {
  Inference found{.method = "order statistics", .why = "a quantile, the case as the unit"};
  if (request.relative) found.scale = Scale::log_ratio;
  const std::size_t least = least_cases(level), fewer = std::min(baseline.size(), candidate.size());
  if (fewer < least) {
    found.refusal = fmt::format("p{:.0f} needs {} cases with a value in each run, and there are {}",
                                level * 100, least, fewer);
    return found;
  }
  if (request.relative && !(above_zero(baseline) && above_zero(candidate))) {
    found.refusal = "a value is not above 0, so no ratio of quantiles can be formed";
    return found;
  }
  if (paired && fewer <= kMostResampled)
    return resampled(std::move(found), request, level, baseline, candidate, stream);
  return combined(std::move(found), request, level, baseline, candidate);
}

}  // namespace llmops
