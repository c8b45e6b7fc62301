#pragma once
// What levenshtein and indel share: two columns, the ratio and the distance, of the reference with
// the best ratio.

#include <functional>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/units.h"

namespace llmops {

struct Similarity {
  double ratio = 0;     // 1: equal
  double distance = 0;  // edits
};

using SimilarityFunction = Similarity (*)(const std::vector<std::uint32_t>& a,
                                          const std::vector<std::uint32_t>& b);

inline constexpr std::string_view kSimilarityOptions[] = {"unit", "lowercase"};

// Reads `unit` (characters, words) and `lowercase`.
std::unique_ptr<Metric> make_similarity(Fields& fields, std::string_view name,
                                        SimilarityFunction similarity);

}  // namespace llmops
