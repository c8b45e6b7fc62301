#include "evaluators/score_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace llmops {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"binary", "bounded", "positive", "unbounded"};
constexpr std::array<std::string_view, 3> kDirections = {"higher", "lower", "neither"};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Range default_range(ScoreKind kind) {
  if (kind == ScoreKind::positive) return {0.0, kInfinity};
  if (kind == ScoreKind::unbounded) return {-kInfinity, kInfinity};
  return {0.0, 1.0};
}

void read_range(Fields& fields, std::string_view name, ScoreShape& shape) {
  const Value* range = fields.list("range");
  if (range == nullptr) return;
  const List& ends = *range->list();
  const bool numbers = ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
  if (!numbers || ends[0].number() >= ends[1].number()) {
    fields.error(range->mark(), fmt::format("`range` of `{}` is no range", name),
                 "expected [lowest, highest]");
    return;
  }
  shape.range = {ends[0].number(), ends[1].number()};
  if (shape.kind == ScoreKind::binary && (shape.range.low != 0 || shape.range.high != 1))
    fields.error(range->mark(), fmt::format("`{}` is binary, but its range is not [0, 1]", name),
                 "expected [0, 1], or `kind: bounded`");
}

}  // namespace

std::span<const std::string_view> score_kinds() { return kKinds; }

ScoreShape read_score_shape(Fields& fields, std::string_view name) {
  ScoreShape shape;
  if (const auto kind = fields.one_of("kind", kKinds))
    shape.kind = static_cast<ScoreKind>(std::ranges::find(kKinds, *kind) - kKinds.begin());
  shape.range = default_range(shape.kind);
  read_range(fields, name, shape);
  if (const auto better = fields.one_of("better", kDirections))
    shape.better =
        static_cast<Better>(std::ranges::find(kDirections, *better) - kDirections.begin());
  return shape;
}

}  // namespace llmops
