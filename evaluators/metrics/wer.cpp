// Word error rate: edits of words for each word of the reference.
// Cost: O(n * m / 64) words, less where the texts are close.
#include "evaluators/metrics/text/error_rate.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) { return make_error_rate(fields, "wer", Unit::words); }

}  // namespace

extern const MetricInfo kWer;
constexpr MetricInfo kWer{
    .name = "wer",
    .summary = "edits of words for each word of the reference",
    .source = "definition (Levenshtein distance / reference length)",
    .needs_references = true,
    .options = kErrorRateOptions,
    .make = &make,
};

}  // namespace llmops
