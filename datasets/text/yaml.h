#pragma once
// YAML into Value with the place of every node. Parser: yaml-cpp.

#include <vector>

#include "datasets/text/result.h"
#include "datasets/text/source.h"
#include "datasets/text/value.h"

namespace llmops {

// One document (an empty file is null). Plain scalars follow the YAML 1.2 core schema: `yes`, `on`
// and `1_000` are texts, `true`, `null`, `0x1f` and `1e3` are not; quoted scalars are texts always.
// Errors: syntax, broken UTF-8, control characters, duplicate keys, a key that is no scalar,
// nesting over 100 levels, and more than a million nodes or 64 MiB of text (aliases counted each
// time, so that no small file grows without bound).
Result<Value> parse_yaml(const Source& source);

// Every document of a stream.
Result<std::vector<Value>> parse_yaml_documents(const Source& source);

}  // namespace llmops
