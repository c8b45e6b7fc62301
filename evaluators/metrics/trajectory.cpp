// Trajectory: an agent went the wanted way, by the names of its steps.
// Cost: O(n * m) steps.
#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/call_options.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"field", "order"};

class Trajectory final : public Metric {
 public:
  explicit Trajectory(CallOptions options) : options_(std::move(options)) {}

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {column(ScoreKind::binary),
                                                 part_column("precision"), part_column("recall")};
    return kColumns;
  }
  std::string signature() const override {
    return fmt::format("trajectory|order:{}|version:1", name(options_.order));
  }
  Measurement score(const Case& row, const Sample& sample) const override {
    const auto wanted = wanted_calls(row, options_.field);
    if (!wanted) return unscored(no_wanted_calls(options_.field), columns().size());
    // The whole way where the agent tells it; a chat completion knows its calls only.
    const auto steps = tool_calls_of(sample.steps);
    const std::vector<ToolCall> made = steps ? *steps : made_calls(sample);
    const CallMatch match = match_calls(made, *wanted, options_.order, {}, true);
    Measurement result;
    result.values = {match.all ? 1.0 : 0.0, share_of(match.matched, made.size(), *wanted),
                     share_of(match.matched, wanted->size(), *wanted)};
    result.note = match.first;
    return result;
  }

 private:
  CallOptions options_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  return std::make_unique<Trajectory>(read_call_options(fields));
}

}  // namespace

extern const MetricInfo kTrajectory;
constexpr MetricInfo kTrajectory{
    .name = "trajectory",
    .summary = "an agent's steps are the wanted ones, by name",
    .source = "definition",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
