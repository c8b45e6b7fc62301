// Biased words: generalisations about groups of people, by patterns.
// Cost: O(n) for each pattern.
#include "evaluators/metrics/text/word_list_metric.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_word_list_metric("biased_words", &find_biased, bias_categories(), fields);
}

}  // namespace

extern const MetricInfo kBiasedWords;
constexpr MetricInfo kBiasedWords{
    .name = "biased_words",
    .summary = "the output generalises about a group of people, by patterns (English)",
    .source = "definition",
    .needs_references = false,
    .options = kWordListOptions,
    .make = &make,
    .safety = true,
};

}  // namespace llmops
