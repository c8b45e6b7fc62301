#pragma once
#include "evaluators/metrics/simple_metric.h"

namespace llmops {

inline constexpr std::string_view kAtEdgeOptions[] = {"any", "ignore_case"};

// 1 where `holds(output, wanted)` for one of the texts of `any`, or of the references where there
// is no `any`.
std::unique_ptr<Metric> make_at_edge(Fields& fields, std::string_view name,
                                     bool (*holds)(std::string_view output,
                                                   std::string_view wanted));

}  // namespace llmops
