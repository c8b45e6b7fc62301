#pragma once
// `parameters:` of a prompt or a model: what is sent beside the messages.

#include "datasets/text/diagnostic.h"
#include "datasets/text/source.h"

namespace llmops {

// Reads the mapping. Names are those of the OpenAI, Anthropic and open-source servers' APIs;
// another name is a problem unless it stands under `extra_body`, whose members join the others.
// Kinds and ranges are checked where all servers agree on them (temperature, top_p, max_tokens,
// seed, stop, penalties).
Object read_parameters(const Value& value, const Source& source, Diagnostics& problems);

}  // namespace llmops
