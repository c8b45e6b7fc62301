// Levenshtein similarity: 1 - distance / length of the longer text; and the distance itself.
// Cost: O(n * m / 64) characters, less where the texts are close.
#include <algorithm>

#include "evaluators/metrics/text/edit_distance.h"
#include "evaluators/metrics/text/similarity_metric.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_similarity(
      fields, "levenshtein",
      [](const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
        const auto longer = static_cast<double>(std::max(a.size(), b.size()));
        const auto distance = static_cast<double>(levenshtein(a, b));
        return Similarity{longer > 0 ? 1.0 - distance / longer : 1.0, distance};
      });
}

}  // namespace

extern const MetricInfo kLevenshtein;
constexpr MetricInfo kLevenshtein{
    .name = "levenshtein",
    .summary = "similarity by insertions, deletions and substitutions",
    .source = "Levenshtein 1966; bit-parallel after Myers 1999",
    .needs_references = true,
    .options = kSimilarityOptions,
    .make = &make,
};

}  // namespace llmops
