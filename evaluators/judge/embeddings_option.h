#pragma once
#include <memory>

#include "datasets/text/fields.h"
#include "evaluators/asker.h"
#include "evaluators/embeddings/embedder.h"

namespace llmops {

// The embedding model of a metric: the mapping `embeddings` (keys of
// evaluators/embeddings). nullptr where it is missing or has problems, which
// are noted.
std::unique_ptr<Embedder> read_embeddings(Fields& fields);

// Hands what surrounds the scoring on to the embedder.
void connect_embedder(Embedder& embedder, const AskingContext& context);

}  // namespace llmops
