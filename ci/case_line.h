#pragma once
// One case of a baseline file: a JSON object on a line of its own, scores by name.

#include <string>

#include "datasets/text/source.h"
#include "evaluators/run_record.h"

namespace llmops {

// {"id":"a","scores":{"numeric_match":1},"output":"..."}; what says nothing is left out.
void dump_case(const CaseRow& row, const std::vector<Measure>& measures, std::string& out);

// Fills `row`; every problem (wrong kinds, a score outside its range, an unknown measure, a NaN) is
// noted with case and measure. False where the line cannot be used.
bool parse_case(std::string_view line, const std::string& file, std::size_t line_number,
                const std::vector<Measure>& measures, CaseRow& row, Diagnostics& problems);

// "0.5 to 1": what `measure` may be, for messages; "" where a score is allowed.
std::string outside_range(const Measure& measure, double value);

}  // namespace llmops
