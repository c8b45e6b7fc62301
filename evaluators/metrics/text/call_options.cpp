#include "evaluators/metrics/text/call_options.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmops {
namespace {

constexpr std::array<std::string_view, 3> kOrders = {"exact", "in_order", "any_order"};

}  // namespace

std::string_view name(CallOrder order) { return kOrders[static_cast<std::size_t>(order)]; }

CallOptions read_call_options(Fields& fields) {
  CallOptions options;
  options.field = fields.text("field").value_or("expected_tool_calls");
  if (const auto order = fields.one_of("order", kOrders))
    options.order = static_cast<CallOrder>(std::ranges::find(kOrders, *order) - kOrders.begin());
  return options;
}

std::string no_wanted_calls(const std::string& field) {
  return fmt::format("the case has no list of wanted calls in `{}` and none as its reference",
                     field);
}

Column part_column(std::string_view part) {
  return {.detail = std::string(part),
          .headline = std::string(part),
          .kind = ScoreKind::bounded,
          .range = {},
          .better = Better::higher};
}

double share_of(std::size_t matched, std::size_t of, const std::vector<ToolCall>& wanted) {
  if (of == 0) return wanted.empty() ? 1.0 : 0.0;
  return static_cast<double>(matched) / static_cast<double>(of);
}

}  // namespace llmops
