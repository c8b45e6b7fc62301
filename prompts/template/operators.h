#pragma once
// Arithmetic, comparisons and slices with Python's meaning. All throw Refusal.

#include <optional>

#include "prompts/template/library.h"
#include "prompts/template/program.h"

namespace llmops::jinja {

Value calculate(Operator op, const Value& left, const Value& right, Budget& budget);
Value negative(const Value& value);
bool related(Operator op, const Value& left, const Value& right);
Value sliced(const Value& base, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
             std::optional<std::int64_t> step, Budget& budget);
// range(stop), range(start, stop), range(start, stop, step); at most 100000 numbers.
Value make_range(Arguments arguments, Budget& budget);

}  // namespace llmops::jinja
