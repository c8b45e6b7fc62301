// Steps: how many an agent took.
// Cost: one count.
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Measurement count(const Case&, const Sample& sample) {
  const List* steps = sample.steps.list();
  if (steps == nullptr) steps = sample.tool_calls.list();
  return scored(steps == nullptr ? 0.0 : static_cast<double>(steps->size()));
}

std::unique_ptr<Metric> make(Fields&) {
  return std::make_unique<SimpleMetric>(column(ScoreKind::positive, {0, kInfinity}, Better::lower),
                                        "steps|version:1", &count);
}

}  // namespace

extern const MetricInfo kSteps;
constexpr MetricInfo kSteps{
    .name = "steps",
    .summary = "steps of an agent, else tool calls of an answer",
    .source = "definition",
    .needs_references = false,
    .options = {},
    .make = &make,
};

}  // namespace llmops
