#pragma once
#include <string>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/dedup.h"
#include "evaluators/embeddings/embedder.h"

namespace llmops {

// Cases whose texts mean the same: cosine of their embeddings of at least `threshold`. As in
// `find_duplicates` a case is compared with those that are kept, and names the most similar of them
// (the earliest of equals). Memory and comparisons: one vector a case, every pair once. A case
// whose text has no embedding is kept; `why` then says why the first of them has none.
std::vector<Duplicate> find_same_meaning(const Dataset& dataset,
                                         const std::vector<std::string>& columns, double threshold,
                                         const Embedder& embedder, std::string& why);

}  // namespace llmops
