// Token F1: harmonic mean of word precision and recall against the best reference.
// Cost: O(n + m) words.
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/squad.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields&) {
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded), "token_f1|norm:squad|empty:v2|version:1",
      [](const Case& row, const Sample& sample) {
        const std::vector<std::string> output = squad_words(sample.text);
        return best_reference(row, [&](const std::string& text) {
          const std::vector<std::string> reference = squad_words(text);
          if (output.empty() || reference.empty()) return output == reference ? 1.0 : 0.0;
          return bag_f1(output, reference);
        });
      });
}

}  // namespace

extern const MetricInfo kTokenF1;
constexpr MetricInfo kTokenF1{
    .name = "token_f1",
    .summary = "word overlap with the best reference",
    .source = "Rajpurkar et al. 2018, `f1` of the SQuAD 2.0 script",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
