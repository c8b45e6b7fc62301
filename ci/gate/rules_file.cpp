#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ci/gate/gate_file.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"
#include "datasets/text/yaml.h"

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

void read_range(Fields& fields, Measure& measure) {
  const Value* range = fields.list("range");
  if (range == nullptr) return;
  const List& ends = *range->list();
  const bool numbers = ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
  if (!numbers || ends[0].number() >= ends[1].number()) {
    fields.error(range->mark(), fmt::format("`range` of `{}` is no range", measure.name),
                 "expected [lowest, highest]");
    return;
  }
  measure.range = {ends[0].number(), ends[1].number()};
  if (measure.kind == ScoreKind::binary && (measure.range.low != 0 || measure.range.high != 1))
    fields.error(range->mark(),
                 fmt::format("`{}` is binary, but its range is not [0, 1]", measure.name),
                 "expected [0, 1], or `kind: bounded`");
}

Measure read_measure(const Member& member, const Source& source, Diagnostics& problems) {
  const std::string what = fmt::format("the metric `{}`", member.key);
  Fields fields(member.value, source, problems, what);
  Measure measure;
  measure.name = member.key;
  measure.signature = member.key;
  if (!fields.has("kind") && member.value.is_object())
    fields.missing("kind", expected_one_of(kKinds));
  if (const auto kind = fields.one_of("kind", kKinds))
    measure.kind = static_cast<ScoreKind>(std::ranges::find(kKinds, *kind) - kKinds.begin());
  measure.range = default_range(measure.kind);
  read_range(fields, measure);
  if (const auto better = fields.one_of("better", kDirections))
    measure.better =
        static_cast<Better>(std::ranges::find(kDirections, *better) - kDirections.begin());
  measure.unit = fields.text("unit").value_or("");
  fields.finish();
  return measure;
}

}  // namespace

Result<RulesFile> load_rules_file(const std::filesystem::path& file) {
  const Result<Source> source = read_source(file);
  if (!source) return source.problems();
  const Result<Value> document = parse_yaml(*source);
  if (!document) return document.problems();
  Diagnostics problems;
  RulesFile rules;
  Fields fields(*document, *source, problems, "the rules file");
  if (!fields.has("metrics"))
    fields.missing("metrics", "declare each metric: {name: {kind: binary | bounded | positive}}");
  std::vector<std::string> known;
  if (const Value* metrics = fields.mapping("metrics")) {
    for (const Member& member : *metrics->object()) {
      if (find_builtin_measure(member.key) != nullptr)
        fields.error(member.key_mark, fmt::format("`{}` is a built-in measure", member.key),
                     "expected another name, or no declaration", "", code_points(member.key));
      rules.metrics.push_back(read_measure(member, *source, problems));
      known.push_back(member.key);
    }
  }
  if (!fields.has("gate")) fields.missing("gate");
  if (const Value* gate = fields.mapping("gate"))
    rules.gate = read_gate(*gate, *source, file.parent_path(), known, problems);
  fields.finish();
  if (has_errors(problems)) return problems;
  return rules;
}

}  // namespace llmops
