#include "evaluators/metrics/text/sacrebleu_metric.h"

#include <fmt/format.h>

#include <algorithm>

#include "evaluators/metrics/simple_metric.h"

namespace llmops {

Measurement SacrebleuMetric::score(const Case& row, const Sample& sample) const {
  if (row.references.empty()) return unscored(std::string(kNoReference));
  references_.saw(row.references.size());
  Measurement result;
  result.counts = counts_of(sample.text, row.references);
  result.values = {within_range(row_figure(result.counts))};
  return result;
}

std::vector<std::optional<double>> SacrebleuMetric::corpus(std::span<const double> counts) const {
  if (counts.empty()) return {std::nullopt};
  return {within_range(figure(counts, false))};
}

// The reference's own arithmetic makes 100.00000000000004 of a perfect output.
double SacrebleuMetric::within_range(double value) const {
  return std::min(value, columns().front().range.high);
}

std::string SacrebleuMetric::sacrebleu_details(std::span<const double>) const { return ""; }

std::string SacrebleuMetric::sacrebleu_signature(std::string_view test) const {
  return fmt::format("nrefs:{}|{}{}{}|version:2.6.0", references(), test, test.empty() ? "" : "|",
                     settings());
}

std::string SacrebleuMetric::sacrebleu_line(double score, std::span<const double> counts) const {
  return fmt::format("{}|{} = {:.2f}{}", sacrebleu_name(), sacrebleu_signature(""), score,
                     sacrebleu_details(counts));
}

}  // namespace llmops
