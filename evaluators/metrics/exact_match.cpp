// Exact match: the output equals one of the references, character for character, once the white
// space around both is cut off.
// Cost: O(n + m).
#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"trim", "ignore_case"};

std::unique_ptr<Metric> make(Fields& fields) {
  const bool trim = fields.boolean("trim").value_or(true);
  const bool ignore_case = fields.boolean("ignore_case").value_or(false);
  const auto normal = [=](std::string_view text) {
    const std::string_view kept = trim ? strip(text) : text;
    return ignore_case ? lowercase(kept) : std::string(kept);
  };
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("exact_match|trim:{}|case:{}|version:1", yes_no(trim),
                  ignore_case ? "lc" : "mixed"),
      [=](const Case& row, const Sample& sample) {
        const std::string output = normal(sample.text);
        return with_answer(best_reference(row,
                                          [&](const std::string& reference) {
                                            return output == normal(reference) ? 1.0 : 0.0;
                                          }),
                           output);
      });
}

}  // namespace

extern const MetricInfo kExactMatch;
constexpr MetricInfo kExactMatch{
    .name = "exact_match",
    .summary = "the output equals a reference",
    .source = "definition",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
