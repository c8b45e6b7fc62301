#pragma once
// JSON in and out of Value. Parser and number printing come from nlohmann/json.

#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "datasets/text/source.h"
#include "datasets/text/value.h"

namespace llmops {

// One JSON document (RFC 8259). A problem is placed at its byte. Nesting is limited to 200 levels.
// A byte order mark is skipped. Integers beyond int64 become doubles. Values carry no marks.
Result<Value> parse_json(const Source& source);

// The same for a text that lies at `file:line` (a line of a JSONL file).
Result<Value> parse_json(std::string_view text, std::string_view file, std::size_t line = 1);

// Compact, one line, members in their order. Broken UTF-8 becomes U+FFFD; a number that is not
// finite is a bug of the caller and throws std::logic_error.
std::string dump_json(const Value& value);
void dump_json(const Value& value, std::string& out);
// With line breaks and two blanks a level.
std::string dump_json_pretty(const Value& value);
// A text as a JSON string, quotes included.
void dump_json_string(std::string_view text, std::string& out);

}  // namespace llmops
