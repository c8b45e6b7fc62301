// JSON validity: the whole output is one JSON document.
// Cost: O(n).
#include <fmt/format.h>

#include "datasets/text/json.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/fenced.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"allow_fence", "kind"};

std::unique_ptr<Metric> make(Fields& fields) {
  const bool allow_fence = fields.boolean("allow_fence").value_or(false);
  constexpr std::string_view kKinds[] = {"any", "object", "array"};
  const std::string kind = fields.one_of("kind", kKinds).value_or("any");
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("json_valid|fence:{}|kind:{}|version:1", yes_no(allow_fence), kind),
      [=](const Case&, const Sample& sample) {
        const Result<Value> value =
            parse_json(allow_fence ? without_fence(sample.text) : sample.text, "output");
        if (!value) {
          const Diagnostic& first = value.problems().front();
          return scored(
              0.0, fmt::format("line {}, column {}: {}", first.line, first.column, first.what));
        }
        if ((kind == "object" && !value->is_object()) || (kind == "array" && !value->is_list()))
          return scored(0.0, fmt::format("the document is a {}, not an {}", value->kind(), kind));
        return scored(1.0);
      });
}

}  // namespace

extern const MetricInfo kJsonValid;
constexpr MetricInfo kJsonValid{
    .name = "json_valid",
    .summary = "the output is a JSON document",
    .source = "RFC 8259",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
