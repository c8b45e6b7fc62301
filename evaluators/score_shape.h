#pragma once
// How a score that is made elsewhere is declared: `kind`, `range`, `better`.

#include <span>
#include <string>
#include <string_view>

#include "datasets/text/fields.h"
#include "evaluators/metric.h"

namespace llmops {

struct ScoreShape {
  ScoreKind kind = ScoreKind::bounded;
  Range range;
  Better better = Better::higher;
};

// What `kind` may be.
std::span<const std::string_view> score_kinds();

// Reads the three keys; a range that is absent follows from the kind. `name` of the score, for
// messages; problems are noted.
ScoreShape read_score_shape(Fields& fields, std::string_view name);

}  // namespace llmops
