// Toxic words: profanity, insults, slurs, threats, by a list.
// Cost: O(n).
#include "evaluators/metrics/text/word_list_metric.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_word_list_metric("toxic_words", &find_toxic, toxic_categories(), fields);
}

}  // namespace

extern const MetricInfo kToxicWords;
constexpr MetricInfo kToxicWords{
    .name = "toxic_words",
    .summary = "the output holds toxic words of a list (English)",
    .source = "definition",
    .needs_references = false,
    .options = kWordListOptions,
    .make = &make,
    .safety = true,
};

}  // namespace llmops
