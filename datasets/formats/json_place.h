#pragma once
#include <string>
#include <string_view>

#include "datasets/text/diagnostic.h"

namespace llmops {

// A problem at the value under `path` of the JSON value that starts at byte `from` of `text`, which
// begins at the start of `line`. Reads the text a second time to find the place.
Diagnostic json_problem(std::string_view text, std::size_t from, std::string_view file,
                        std::size_t line, std::string_view path, std::string what,
                        std::string expected, std::string help);

// Notes a record that is no mapping, or that has a column twice, and is then no record.
bool check_json_record(const Value& value, std::string_view text, std::size_t from,
                       std::string_view file, std::size_t line, Diagnostics& problems);

}  // namespace llmops
