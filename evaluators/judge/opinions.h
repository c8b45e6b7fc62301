#pragma once
#include <memory>
#include <string_view>

#include "evaluators/metric.h"

namespace llmops {

// Opinions of the answer's own (facts and what others are quoted with are
// none), then a verdict on each: yes / all, lower is better; without an opinion
// 0. As DeepEval defines toxicity and bias. `instructions`: what makes an
// opinion bad.
std::unique_ptr<Metric> make_opinion_metric(std::string_view name, std::string_view instructions,
                                            Fields& fields);

}  // namespace llmops
