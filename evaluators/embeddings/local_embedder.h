#pragma once
#include <memory>

#include "datasets/text/fields.h"
#include "evaluators/embeddings/embedder.h"

namespace llmops {

// A model folder or hub name in `model`, run on this machine's processor; `pooling` (mean or cls;
// default: the folder's own 1_Pooling/config.json, else mean), `num_layers`, `precision`, `cache`,
// `prefix`.
std::unique_ptr<Embedder> read_local_embedder(Fields& fields);

}  // namespace llmops
