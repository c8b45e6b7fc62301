#pragma once
// Is a JSON schema one? Draft 2020-12 and 7, the keywords that say something about data.

#include "datasets/text/diagnostic.h"
#include "datasets/text/source.h"

namespace llmops {

// Keywords of the wrong kind, types that do not exist, `$ref` that leads nowhere, limits that no
// value meets, `required` names without a property, near misses of keywords. `schema` holds marks
// of `source`.
Diagnostics check_json_schema(const Value& schema, const Source& source);

// What OpenAI's `strict: true` refuses: objects that allow other properties, properties that are
// not required.
Diagnostics check_strict_schema(const Value& schema, const Source& source);

}  // namespace llmops
