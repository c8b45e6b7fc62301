// The output ends with one of given texts, or with a reference; white space around both does not
// count.
// Cost: O(m).
#include "evaluators/metrics/text/at_edge.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_at_edge(fields, "ends_with", [](std::string_view output, std::string_view wanted) {
    return output.ends_with(wanted);
  });
}

}  // namespace

extern const MetricInfo kEndsWith;
constexpr MetricInfo kEndsWith{
    .name = "ends_with",
    .summary = "the output ends with a reference or a given text",
    .source = "definition",
    .needs_references = false,
    .options = kAtEdgeOptions,
    .make = &make,
};

}  // namespace llmops
