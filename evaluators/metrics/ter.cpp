// TER: edits, moves of blocks included, for each word of the reference.
#include "evaluators/metrics/text/ter.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"normalized", "no_punct", "asian_support",
                                         "case_sensitive"};

std::unique_ptr<Metric> make(Fields& fields) {
  TerOptions options;
  options.normalized = fields.boolean("normalized").value_or(false);
  options.no_punct = fields.boolean("no_punct").value_or(false);
  options.asian_support = fields.boolean("asian_support").value_or(false);
  options.case_sensitive = fields.boolean("case_sensitive").value_or(false);
  return std::make_unique<CountedMetric>(CountedMetric::Parts{
      .column = column(ScoreKind::positive, {0.0, std::numeric_limits<double>::infinity()},
                       Better::lower),
      .signature =
          [=](std::string_view references) {
            return fmt::format(
                "ter|nrefs:{}|case:{}|tok:tercom|norm:{}|punct:{}|asian:{}|version:1", references,
                options.case_sensitive ? "mixed" : "lc", yes_no(options.normalized),
                yes_no(!options.no_punct), yes_no(options.asian_support));
          },
      .counts =
          [=](const std::string& hypothesis, std::span<const std::string> references) {
            return ter_counts(hypothesis, references, options);
          },
      .figure = [](std::span<const double> counts) -> std::optional<double> {
        return ter_score(counts);
      },
      .undefined = ""});
}

}  // namespace

extern const MetricInfo kTer;
constexpr MetricInfo kTer{
    .name = "ter",
    .summary = "edits and block moves for 100 reference words, lower is better",
    .source = "Snover et al. 2006; sacrebleu 2.6.0",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
