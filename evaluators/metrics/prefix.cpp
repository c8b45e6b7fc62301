// Longest common prefix with the reference, as a share of the reference's characters.
// Cost: O(n + m).
#include "evaluators/metrics/text/common_part.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields&) { return make_common_part("prefix", TextEnd::front); }

}  // namespace

extern const MetricInfo kPrefix;
constexpr MetricInfo kPrefix{
    .name = "prefix",
    .summary = "how much of the reference the output begins with",
    .source = "definition",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
