// SQuAD F1 over words. The versions differ where a text has no words: 1.1 gives 0, 2.0 gives 1 if
// both have none.
// Cost: O(n + m) words.
#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/squad.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"rules"};

std::unique_ptr<Metric> make(Fields& fields) {
  constexpr std::string_view kRules[] = {"v1.1", "v2"};
  const std::string rules = fields.one_of("rules", kRules).value_or("v2");
  const bool second = rules == "v2";
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded), fmt::format("squad_f1|norm:squad|rules:{}|version:1", rules),
      [second](const Case& row, const Sample& sample) {
        const std::vector<std::string> output = squad_words(sample.text);
        return best_reference(row, [&](const std::string& text) {
          const std::vector<std::string> reference = squad_words(text);
          if (second && (output.empty() || reference.empty()))
            return output == reference ? 1.0 : 0.0;
          return bag_f1(output, reference);
        });
      });
}

}  // namespace

extern const MetricInfo kSquadF1;
constexpr MetricInfo kSquadF1{
    .name = "squad_f1",
    .summary = "word overlap by the rules of SQuAD 1.1 or 2.0",
    .source = "Rajpurkar et al. 2016, 2018, `f1` of the SQuAD scripts",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
