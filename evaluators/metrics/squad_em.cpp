// SQuAD exact match: output and reference are equal in the script's normal form (the same in
// versions 1.1 and 2.0).
// Cost: O(n + m).
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/squad.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields&) {
  return std::make_unique<SimpleMetric>(column(ScoreKind::binary), "squad_em|norm:squad|version:1",
                                        [](const Case& row, const Sample& sample) {
                                          const std::string output = squad_normalized(sample.text);
                                          return best_reference(row, [&](const std::string& text) {
                                            return output == squad_normalized(text) ? 1.0 : 0.0;
                                          });
                                        });
}

}  // namespace

extern const MetricInfo kSquadEm;
constexpr MetricInfo kSquadEm{
    .name = "squad_em",
    .summary = "the output equals a reference in SQuAD's normal form",
    .source = "Rajpurkar et al. 2016, `exact` of the SQuAD scripts",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
