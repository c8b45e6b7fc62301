// Jaccard similarity of the sets of words.
// Cost: O(n + m) words, but for sorting.
#include <algorithm>
#include <iterator>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

std::vector<std::string> word_set(const std::string& text) {
  const std::string lower = lowercase(text);
  const std::vector<std::string_view> words = split_words(lower);
  std::vector<std::string> set(words.begin(), words.end());
  std::ranges::sort(set);
  set.erase(std::unique(set.begin(), set.end()), set.end());
  return set;
}

double jaccard(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() && b.empty()) return 1.0;
  std::vector<std::string> shared;
  std::ranges::set_intersection(a, b, std::back_inserter(shared));
  return static_cast<double>(shared.size()) /
         static_cast<double>(a.size() + b.size() - shared.size());
}

std::unique_ptr<Metric> make(Fields&) {
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded), "jaccard|case:lc|tok:split|version:1",
      [](const Case& row, const Sample& sample) {
        const std::vector<std::string> output = word_set(sample.text);
        return best_reference(
            row, [&](const std::string& text) { return jaccard(output, word_set(text)); });
      });
}

}  // namespace

extern const MetricInfo kJaccard;
constexpr MetricInfo kJaccard{
    .name = "jaccard",
    .summary = "shared words / all words, each counted once",
    .source = "Jaccard 1912",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
