// Cosine of the vectors of word counts.
// Cost: O(n + m) words.
#include <cmath>
#include <map>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

using Counts = std::map<std::string, double, std::less<>>;

Counts word_counts(const std::string& text) {
  const std::string lower = lowercase(text);
  Counts counts;
  for (const std::string_view word : split_words(lower))
    ++counts.try_emplace(std::string(word), 0.0).first->second;
  return counts;
}

double cosine(const Counts& a, const Counts& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? 1.0 : 0.0;
  const auto squares = [](const Counts& counts) {
    double sum = 0;
    for (const auto& [word, count] : counts) sum += count * count;
    return sum;
  };
  double product = 0;
  for (const auto& [word, count] : a)
    if (const auto found = b.find(word); found != b.end()) product += count * found->second;
  return std::min(1.0, product / std::sqrt(squares(a) * squares(b)));
}

std::unique_ptr<Metric> make(Fields&) {
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded), "cosine|case:lc|tok:split|weights:tf|version:1",
      [](const Case& row, const Sample& sample) {
        const Counts output = word_counts(sample.text);
        return best_reference(
            row, [&](const std::string& text) { return cosine(output, word_counts(text)); });
      });
}

}  // namespace

extern const MetricInfo kCosine;
constexpr MetricInfo kCosine{
    .name = "cosine",
    .summary = "cosine of word counts",
    .source = "Salton et al. 1975, term frequencies without weights",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
