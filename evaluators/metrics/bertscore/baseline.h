#pragma once
// Rescaling with the scores of random pairs: x' = (x - b) / (1 - b).

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/metrics/bertscore/matching.h"

namespace llmops {

// One row a layer, in the order of the layers.
using Baseline = std::vector<BertScores>;

// A file of bert_score's form: `LAYER,P,R,F`, then a line a layer. The line's place counts, not its
// number.
Result<Baseline> read_baseline(const std::filesystem::path& path);

// The row that comes with bert_score for a model that is known here by name.
std::optional<BertScores> known_baseline(std::string_view model, std::size_t layer);

// Each number with its own b; F1 is not made anew.
BertScores rescale(const BertScores& scores, const BertScores& baseline);

}  // namespace llmops
