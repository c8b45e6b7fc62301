#pragma once
// What the metrics over tool calls share.

#include <array>
#include <string>
#include <vector>

#include "datasets/text/fields.h"
#include "evaluators/metric.h"
#include "evaluators/metrics/text/tool_call_list.h"

namespace llmops {

struct CallOptions {
  std::string field;  // column of the wanted calls
  CallOrder order = CallOrder::exact;
};

std::string_view name(CallOrder order);  // "in_order"

// `field` (expected_tool_calls) and `order` (exact).
CallOptions read_call_options(Fields& fields);

std::string no_wanted_calls(const std::string& field);

// A share in [0, 1] beside the headline: `NAME.part`.
Column part_column(std::string_view part);

// matched/of. Of nothing: 1 where nothing was wanted, else 0 (no call was right).
double share_of(std::size_t matched, std::size_t of, const std::vector<ToolCall>& wanted);

}  // namespace llmops
