#pragma once
// JSON in and out of Value (RFC 8259).

#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "datasets/text/source.h"
#include "datasets/text/value.h"

namespace llmops {

// One JSON document. A problem is placed at its character. Nesting is limited to 200 levels. A byte
// order mark is skipped. Integers beyond int64 become doubles; a number beyond double is a problem,
// and so is broken UTF-8. Of two members with one name `find` gives the last. Every value carries
// its mark.
Result<Value> parse_json(const Source& source);

// The same for a text that lies at `file:line` (a line of a JSONL file). Values carry no marks:
// quick.
Result<Value> parse_json(std::string_view text, std::string_view file, std::size_t line = 1);

// The same for a value that starts at byte `from` of `text`, which begins at the start of `line`.
Result<Value> parse_json_at(std::string_view text, std::size_t from, std::string_view file,
                            std::size_t line, bool marks);

// Compact, one line, members in their order. Broken UTF-8 becomes U+FFFD; a number that is not
// finite is a bug of the caller and throws std::logic_error.
std::string dump_json(const Value& value);
void dump_json(const Value& value, std::string& out);
// Compact with the members of every mapping in byte order of their names: equal content, equal
// text.
void dump_json_sorted(const Value& value, std::string& out);
// With line breaks and two blanks a level.
std::string dump_json_pretty(const Value& value);
// A text as a JSON string, quotes included.
void dump_json_string(std::string_view text, std::string& out);

}  // namespace llmops
