#pragma once
// Change of a quantile (latency_p95) between two runs whose cases are the units: order-statistic
// intervals of each run, combined on the log scale by the method of variance estimates recovery
// (Zou & Donner 2008). No distribution is assumed.

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "ci/compare/inference.h"

namespace llmops {

// 0.95 for "p95"; nullopt for "mean" and "max".
std::optional<double> quantile_level(const std::string& quantity);

// Cases without which a quantile says nothing: p50 20, p90 60, p95 100, p99 300.
std::size_t least_cases(double level);

// Both runs' values, in any order.
Inference infer_quantile(const InferenceRequest& request, double level,
                         std::span<const double> baseline, std::span<const double> candidate);

}  // namespace llmops
