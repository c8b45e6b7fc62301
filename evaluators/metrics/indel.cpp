// Indel similarity: 2 * longest common subsequence / sum of the lengths; and the insertions and
// deletions themselves.
// Cost: O(n * m / 64) characters, less where the texts are close.
#include "evaluators/metrics/text/lcs.h"
#include "evaluators/metrics/text/similarity_metric.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_similarity(
      fields, "indel",
      [](const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
        const auto both = static_cast<double>(a.size() + b.size());
        const double shared = 2.0 * static_cast<double>(lcs_length(a, b));
        return Similarity{both > 0 ? shared / both : 1.0, both - shared};
      });
}

}  // namespace

extern const MetricInfo kIndel;
constexpr MetricInfo kIndel{
    .name = "indel",
    .summary = "similarity by insertions and deletions (longest common subsequence)",
    .source = "definition; bit-parallel after Crochemore et al. 2001",
    .needs_references = true,
    .options = kSimilarityOptions,
    .make = &make,
};

}  // namespace llmops
