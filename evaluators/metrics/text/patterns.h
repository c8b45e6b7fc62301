#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "datasets/text/fields.h"

namespace re2 {
class RE2;
}

namespace llmops {

// A regular expression (RE2: linear time, no backtracking, `$` is the end of the text).
// Thread-safe.
using Pattern = std::shared_ptr<const re2::RE2>;

// The pattern under `key`; nullptr where the key is missing or the pattern is broken, which is
// noted.
Pattern read_pattern(Fields& fields, std::string_view key, bool ignore_case = false);
Pattern compile_pattern(Fields& fields, std::string_view key, const std::string& text,
                        bool ignore_case);

// Group 1 (the whole match where the pattern has no group) of the last of the matches that follow
// one another without overlaps.
std::optional<std::string> last_match(const re2::RE2& pattern, std::string_view text);

}  // namespace llmops
