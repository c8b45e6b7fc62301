#pragma once
#include <memory>

#include "datasets/text/fields.h"
#include "evaluators/embeddings/embedder.h"
#include "evaluators/embeddings/endpoint_client.h"

namespace llmops {

// The endpoint that the options name: `model` as a mapping, or `base_url`, `model` (its name) and
// `api_key_env`. nullptr only where problems were noted.
std::unique_ptr<EndpointClient> read_endpoint_client(Fields& fields,
                                                     const EmbeddingsProtocol& protocol);

std::unique_ptr<Embedder> read_endpoint_embedder(Fields& fields);

}  // namespace llmops
