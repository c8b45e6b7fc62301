// Character error rate: edits of characters for each character of the reference.
// Cost: O(n * m / 64) characters, less where the texts are close.
#include "evaluators/metrics/text/error_rate.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_error_rate(fields, "cer", Unit::characters);
}

}  // namespace

extern const MetricInfo kCer;
constexpr MetricInfo kCer{
    .name = "cer",
    .summary = "edits of characters for each character of the reference",
    .source = "definition (Levenshtein distance / reference length)",
    .needs_references = true,
    .options = kErrorRateOptions,
    .make = &make,
};

}  // namespace llmops
