#pragma once
#include <memory>
#include <string_view>

#include "evaluators/metric.h"

namespace llmops {

// A metric without options: how many characters output and reference have in common from one end
// on, as a share of the reference's; of several references the best. O(n + m).
enum class TextEnd { front, back };
std::unique_ptr<Metric> make_common_part(std::string_view name, TextEnd end);

}  // namespace llmops
