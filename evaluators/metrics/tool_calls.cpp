// Tool calls: the calls that the model (or an agent) made are the wanted ones, arguments and all.
// Cost: calls of both sides, compared pair by pair where the order is free.
#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/call_options.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {
    "field", "order", "tolerance", "relative_tolerance", "ignore_extra", "ignore_order"};

class ToolCalls final : public Metric {
 public:
  ToolCalls(CallOptions options, const JsonTolerance& tolerance)
      : options_(std::move(options)), tolerance_(tolerance) {}

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {column(ScoreKind::binary),
                                                 part_column("precision"), part_column("recall"),
                                                 part_column("names")};
    return kColumns;
  }
  std::string signature() const override {
    return fmt::format(
        "tool_calls|order:{}|tolerance:{}|relative_tolerance:{}|extra:{}|lists:{}|version:1",
        name(options_.order), tolerance_.absolute, tolerance_.relative,
        tolerance_.ignore_extra ? "ignored" : "wrong",
        tolerance_.ignore_order ? "any order" : "in order");
  }
  Measurement score(const Case& row, const Sample& sample) const override {
    const auto wanted = wanted_calls(row, options_.field);
    if (!wanted) return unscored(no_wanted_calls(options_.field), columns().size());
    const std::vector<ToolCall> made = made_calls(sample);
    const CallMatch match = match_calls(made, *wanted, options_.order, tolerance_, false);
    const CallMatch names = match_calls(made, *wanted, options_.order, tolerance_, true);
    Measurement result;
    result.values = {match.all ? 1.0 : 0.0, share_of(match.matched, made.size(), *wanted),
                     share_of(match.matched, wanted->size(), *wanted),
                     share_of(names.matched, wanted->size(), *wanted)};
    result.note = match.first;
    return result;
  }

 private:
  CallOptions options_;
  JsonTolerance tolerance_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  constexpr Bounds kPositive{0.0, std::numeric_limits<double>::max()};
  CallOptions options = read_call_options(fields);
  JsonTolerance tolerance;
  tolerance.absolute = fields.number("tolerance", kPositive).value_or(0.0);
  tolerance.relative = fields.number("relative_tolerance", kPositive).value_or(0.0);
  tolerance.ignore_extra = fields.boolean("ignore_extra").value_or(false);
  tolerance.ignore_order = fields.boolean("ignore_order").value_or(false);
  return std::make_unique<ToolCalls>(std::move(options), tolerance);
}

}  // namespace

extern const MetricInfo kToolCalls;
constexpr MetricInfo kToolCalls{
    .name = "tool_calls",
    .summary = "the tools were called as wanted: names, arguments, order",
    .source = "definition",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
