#pragma once
// Where a byte of a template stands in the file that it was read from.

#include <cstddef>
#include <string_view>

#include "datasets/text/source.h"

namespace llmops {

// `text` is the value of a YAML scalar that starts at `start` in `source` (or the whole source).
// Returns the place of its byte `offset`: exact for every style (plain, quoted, literal and folded
// blocks) where the byte is no white space, else just behind the last byte that is none. Where the
// scalar cannot be followed (built from a merge, or from no file), its start.
Mark place_in_source(const Source& source, Mark start, std::string_view text, std::size_t offset);

}  // namespace llmops
