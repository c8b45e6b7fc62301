// Longest common suffix with the reference, as a share of the reference's characters.
#include <algorithm>

#include "datasets/text/utf8.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

double shared(std::vector<char32_t> output, std::vector<char32_t> reference) {
  std::ranges::reverse(output);
  std::ranges::reverse(reference);
  const auto differ = std::ranges::mismatch(output, reference);
  return static_cast<double>(differ.in2 - reference.begin()) /
         static_cast<double>(reference.size());
}

std::unique_ptr<Metric> make(Fields&) {
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded), "suffix|version:1", [](const Case& row, const Sample& sample) {
        const bool wanted = std::ranges::any_of(
            row.references, [](const std::string& text) { return !text.empty(); });
        if (!wanted && !row.references.empty()) return unscored("the reference is empty");
        const std::vector<char32_t> output = decode_utf8(sample.text);
        return best_reference(row, [&](const std::string& text) {
          return text.empty() ? 0.0 : shared(output, decode_utf8(text));
        });
      });
}

}  // namespace

extern const MetricInfo kSuffix;
constexpr MetricInfo kSuffix{
    .name = "suffix",
    .summary = "how much of the reference the output ends with",
    .source = "definition",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
