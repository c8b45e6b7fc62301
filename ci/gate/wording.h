#pragma once
// Numbers as sentences show them.

#include <cstdint>
#include <string>

#include "ci/comparison.h"

namespace llmops {

std::string figure(double value);         // four digits: "0.2153", "1,319", "3.2e-05"
std::string signed_figure(double value);  // "+0.013", "-0.2153"
std::string percent(double share);        // "10%", "0.23%"
std::string p_text(double p);             // "p = 0.013", "p = 1.2e-45", "p < 1e-300"
std::string grouped(std::int64_t count);  // "1,319"
std::string counted(std::int64_t count, std::string_view singular, std::string_view plural = "");

// "fell by 0.2153, from 0.5625 to 0.3472" / "rose by 21.3%, from 93.2 to 113.1" / "did not change"
std::string movement(const MetricComparison& metric);
// An oriented value on the metric's scale as a change of the metric: "-0.19", "+21.3%".
std::string change(const MetricComparison& metric, double oriented);
// The size of a loss without its sign: "0.19", "21.3%".
std::string loss(const MetricComparison& metric, double oriented);

}  // namespace llmops
