#include <fmt/format.h>

#include "ci/gate/gate_file.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"
#include "datasets/text/yaml.h"
#include "evaluators/score_shape.h"

namespace llmops {
namespace {

Measure read_measure(const Member& member, const Source& source, Diagnostics& problems) {
  const std::string what = fmt::format("the metric `{}`", member.key);
  Fields fields(member.value, source, problems, what);
  Measure measure;
  measure.name = member.key;
  measure.signature = member.key;
  if (!fields.has("kind") && member.value.is_object())
    fields.missing("kind", expected_one_of(score_kinds()));
  const ScoreShape shape = read_score_shape(fields, measure.name);
  measure.kind = shape.kind;
  measure.range = shape.range;
  measure.better = shape.better;
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
