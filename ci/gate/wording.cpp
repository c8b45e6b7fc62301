#include "ci/gate/wording.h"

#include <fmt/format.h>

#include <cmath>

namespace llmops {
namespace {

// Raw change of the metric: positive = it rose.
double raw_change(const MetricComparison& metric, double oriented) {
  const double raw = metric.sign * oriented;
  return metric.scale == Scale::log_ratio ? std::expm1(raw) : raw;
}

std::string size(const MetricComparison& metric, double change) {
  return metric.scale == Scale::difference ? figure(std::abs(change)) : percent(std::abs(change));
}

}  // namespace

std::string grouped(std::int64_t count) {
  std::string digits = std::to_string(count < 0 ? -count : count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return (count < 0 ? "-" : "") + digits;
}

std::string counted(std::int64_t count, std::string_view singular, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", singular);
  return plural.empty() ? fmt::format("{} {}s", grouped(count), singular)
                        : fmt::format("{} {}", grouped(count), plural);
}

std::string figure(double value) {
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e15) return grouped(std::llround(value));
  if (size > 0 && size < 1e-3) return fmt::format("{:.2g}", value);
  return fmt::format("{:.4g}", value);
}

std::string signed_figure(double value) { return (value > 0 ? "+" : "") + figure(value); }

std::string percent(double share) {
  const double size = std::abs(share) * 100;
  if (size >= 1000) return grouped(std::llround(share * 100)) + "%";
  return fmt::format("{:.3g}%", share * 100);
}

std::string p_text(double p) {
  // Smaller than a double holds: never "0".
  return p > 0 ? fmt::format("p = {:.2g}", p) : "p < 1e-300";
}

std::string change(const MetricComparison& metric, double oriented) {
  const double raw = raw_change(metric, oriented);
  return (raw > 0 ? "+" : raw < 0 ? "-" : "") + size(metric, raw);
}

std::string loss(const MetricComparison& metric, double oriented) {
  return size(metric, raw_change(metric, oriented));
}

std::string movement(const MetricComparison& metric) {
  const double raw = raw_change(metric, metric.estimate.value_or(0));
  if (raw == 0)
    return metric.baseline_mean ? "stays at " + figure(*metric.baseline_mean) : "did not change";
  const bool paired = metric.test != "welch t";
  const std::string_view each = metric.scale == Scale::log_ratio && metric.quantity == "mean"
                                    ? paired ? " case by case" : " on the log scale"
                                    : "";
  const std::string_view average = each.empty() ? "" : " on average";
  const std::string ends = metric.baseline_mean && metric.candidate_mean
                               ? fmt::format(", from {} to {}{}", figure(*metric.baseline_mean),
                                             figure(*metric.candidate_mean), average)
                               : "";
  return fmt::format("{} by {}{}{}", raw < 0 ? "fell" : "rose", size(metric, raw), each, ends);
}

}  // namespace llmops
