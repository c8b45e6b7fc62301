#pragma once
// Change of a quantile (latency_p95) between two runs whose cases are the units. No distribution is
// assumed: the cases are resampled, or the order-statistic intervals of the two runs are combined
// by the method of variance estimates recovery (Zou & Donner 2008).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "ci/compare/inference.h"

namespace llmops {

// 0.95 for "p95"; nullopt for "mean" and "max".
std::optional<double> quantile_level(const std::string& quantity);

// Cases without which a quantile says nothing: p50 20, p90 60, p95 100, p99 300.
std::size_t least_cases(double level);

// Both runs' values. `paired`: of the same cases in one order; up to 2,000 of them the change is
// resampled case by case (percentile bootstrap of the ratio), which sees that slow cases are slow
// in both runs.
Inference infer_quantile(const InferenceRequest& request, double level,
                         std::span<const double> baseline, std::span<const double> candidate,
                         bool paired, std::uint64_t stream);

}  // namespace llmops
