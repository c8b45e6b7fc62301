// chrF: F-score over character n-grams; with word n-grams chrF+ and chrF++.
#include "evaluators/metrics/text/chrf.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"char_order", "word_order", "beta",
                                         "lowercase",  "whitespace", "eps_smoothing"};

std::unique_ptr<Metric> make(Fields& fields) {
  ChrfOptions options;
  options.char_order = static_cast<std::size_t>(fields.integer("char_order", {0, 100}).value_or(6));
  options.word_order = static_cast<std::size_t>(fields.integer("word_order", {0, 100}).value_or(0));
  options.beta = fields.number("beta", {0, 1e6}).value_or(2.0);
  options.lowercase = fields.boolean("lowercase").value_or(false);
  options.whitespace = fields.boolean("whitespace").value_or(false);
  options.eps_smoothing = fields.boolean("eps_smoothing").value_or(false);
  if (options.char_order + options.word_order == 0) {
    fields.error(fields.mark("char_order"), "`char_order` and `word_order` are both 0",
                 "expected one order of at least 1");
    return nullptr;
  }
  return std::make_unique<CountedMetric>(CountedMetric::Parts{
      .column = column(ScoreKind::bounded, {0.0, 100.0}),
      .signature =
          [=](std::string_view references) {
            return fmt::format(
                "chrf|nrefs:{}|case:{}|eff:{}|nc:{}|nw:{}|space:{}|beta:{}|version:1", references,
                options.lowercase ? "lc" : "mixed", yes_no(!options.eps_smoothing),
                options.char_order, options.word_order, yes_no(options.whitespace), options.beta);
          },
      .counts =
          [=](const std::string& hypothesis, std::span<const std::string> references) {
            return chrf_counts(hypothesis, references, options);
          },
      .figure = [=](std::span<const double> counts) -> std::optional<double> {
        return chrf_score(counts, options);
      },
      .undefined = ""});
}

}  // namespace

extern const MetricInfo kChrf;
constexpr MetricInfo kChrf{
    .name = "chrf",
    .summary = "F-score over character n-grams (chrF, chrF+, chrF++), 0 to 100",
    .source = "Popović 2015, 2017; sacrebleu 2.6.0",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
