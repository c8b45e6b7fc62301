#pragma once
#include <cstdint>

#include "evaluators/sample.h"

namespace llmops {

class Statement;

// An answer that is given again, from a row that begins with the columns answer, input_tokens,
// output_tokens, cached_tokens, reasoning_tokens, cost_usd: `cached`, without times and attempts.
Sample stored_answer(const Statement& row);

// A count that may be absent.
std::optional<std::int64_t> whole_number(const Statement& row, int column);

// Seconds since 1970: how old an answer is.
std::int64_t seconds_now();

}  // namespace llmops
