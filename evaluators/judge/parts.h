#pragma once
// What a judge took a text apart into, and its verdict on each part.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/sample.h"

namespace llmops {

// Parts are at most so many, of at most so many bytes together: a judge that
// repeats itself without end is not asked about it.
inline constexpr std::size_t kMostParts = 500;

struct Parts {
  std::vector<std::string> texts;
  std::string why;  // where the answer cannot be read; `texts` is empty then
};
// The list of texts under one of the keys, in the last JSON object that has it:
// `{"statements":
// ["...", ...]}`; an item may be a mapping whose first text it is. A bare list
// is read, too. Blank parts are left out.
Parts read_parts(const Sample& answer, std::span<const std::string_view> keys);

enum class Verdict3 { yes, no, unsure };
struct Verdicts {
  std::vector<Verdict3> verdicts;  // one for each part; empty where `why` says so
  std::string why;
  std::size_t count(Verdict3 which) const;
};
// `{"verdicts": [{"reason": ..., "verdict": "yes"}, ...]}`: yes, no, idk and
// what models write instead (1, 0, true, "supported", ...). As many as there
// are parts, in their order, or by their `number` where each part has one.
// `parts` 0: as many as there are.
Verdicts read_part_verdicts(const Sample& answer, std::size_t parts);

}  // namespace llmops
