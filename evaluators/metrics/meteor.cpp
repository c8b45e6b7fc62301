// METEOR with exact and stem matches: a mean of precision and recall, lowered where the matches lie
// scattered.
#include "evaluators/metrics/text/meteor.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"alpha", "beta", "gamma"};

std::unique_ptr<Metric> make(Fields& fields) {
  MeteorOptions options;
  options.alpha = fields.number("alpha", {0, 1}).value_or(options.alpha);
  options.beta = fields.number("beta", {0, 100}).value_or(options.beta);
  options.gamma = fields.number("gamma", {0, 1}).value_or(options.gamma);
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded),
      fmt::format("meteor|stages:exact+stem|case:lc|tok:split|alpha:{}|beta:{}|gamma:{}|version:1",
                  options.alpha, options.beta, options.gamma),
      [options](const Case& row, const Sample& sample) {
        if (row.references.empty()) return unscored(std::string(kNoReference));
        return scored(meteor(sample.text, row.references, options));
      });
}

}  // namespace

extern const MetricInfo kMeteor;
constexpr MetricInfo kMeteor{
    .name = "meteor",
    .summary = "word matches (equal, then by stem), less where they are scattered",
    .source = "Banerjee and Lavie 2005; nltk 3.8 without its WordNet stage",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
