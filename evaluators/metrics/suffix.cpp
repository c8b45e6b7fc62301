// Longest common suffix with the reference, as a share of the reference's characters.
// Cost: O(n + m).
#include "evaluators/metrics/text/common_part.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields&) { return make_common_part("suffix", TextEnd::back); }

}  // namespace

extern const MetricInfo kSuffix;
constexpr MetricInfo kSuffix{
    .name = "suffix",
    .summary = "how much of the reference the output ends with",
    .source = "definition",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
