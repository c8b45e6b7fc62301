// Refusal: the output declines to answer. Found by phrases near its start, so it tells "I can't
// help with that" from an answer that warns; it does not judge whether declining was right.
// Cost: O(n) for each phrase.
#include <fmt/format.h>
#include <re2/re2.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/patterns.h"
#include "evaluators/metrics/text/refusal_phrases.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"wanted", "pattern"};

std::unique_ptr<Metric> make(Fields& fields) {
  const bool wanted = fields.boolean("wanted").value_or(false);
  const Pattern own = read_pattern(fields, "pattern", true);
  if (fields.has("pattern") && own == nullptr) return nullptr;
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary, {}, wanted ? Better::higher : Better::lower),
      fmt::format("refusal|wanted:{}|pattern:{}|version:1", yes_no(wanted),
                  own == nullptr ? "built-in" : own->pattern()),
      [own](const Case&, const Sample& sample) {
        const auto how = refusal_of(sample, own.get());
        return how ? scored(1.0, *how) : scored(0.0);
      });
}

}  // namespace

extern const MetricInfo kRefusal;
constexpr MetricInfo kRefusal{
    .name = "refusal",
    .summary = "the output declines to answer (by its phrases)",
    .source = "definition",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
    .safety = true,
};

}  // namespace llmops
