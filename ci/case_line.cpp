#include "ci/case_line.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "ci/bare_numbers.h"
#include "datasets/text/fields.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

using Values = std::vector<std::optional<double>>;

Object named(const Values& values, const std::vector<Measure>& measures) {
  Object out;
  for (std::size_t i = 0; i < values.size() && i < measures.size(); ++i)
    if (values[i]) out.add(measures[i].name, *values[i]);
  return out;
}

// `range`: whether a value must lie within its measure's range.
void read_values(Fields& fields, std::string_view key, const std::string& id, bool range,
                 const std::vector<Measure>& measures, Values& values) {
  values.assign(measures.size(), std::nullopt);
  const Value* object = fields.mapping(key);
  if (object == nullptr) return;
  for (const Member& member : *object->object()) {
    std::size_t at = 0;
    while (at < measures.size() && measures[at].name != member.key) ++at;
    if (at == measures.size()) {
      fields.error({1, 0},
                   fmt::format("case `{}` has a score of `{}`, which the head does not list", id,
                               member.key),
                   "expected a measure of `run.measures`");
      continue;
    }
    if (!member.value.is_number()) {
      fields.error({1, 0},
                   fmt::format("`{}` of case `{}` is {}", member.key, id, dump_json(member.value)),
                   "expected a number; a score that is missing is left out");
      continue;
    }
    const double value = member.value.number();
    const std::string allowed = range ? outside_range(measures[at], value) : "";
    if (!allowed.empty())
      fields.error({1, 0},
                   fmt::format("`{}` of case `{}` is {}", member.key, id, dump_json(member.value)),
                   allowed);
    else
      values[at] = value;
  }
}

void read_tags(Fields& fields, std::vector<Tag>& tags) {
  tags.clear();
  const Value* list = fields.list("tags");
  if (list == nullptr) return;
  for (const Value& each : *list->list()) {
    const List* pair = each.list();
    if (pair == nullptr || pair->size() != 2)
      fields.error({1, 0}, "a tag is no pair", "expected [name, value]");
    else
      tags.push_back({to_text((*pair)[0]), to_text((*pair)[1])});
  }
}

}  // namespace

std::string outside_range(const Measure& measure, double value) {
  constexpr double kMost = 1e150;  // its square is still a number
  const auto [low, high] = measure.range;
  if (std::isfinite(value) && std::abs(value) > kMost)
    return fmt::format("expected a number of at most {}", kMost);
  if (std::isfinite(value) && value >= low && value <= high) return "";
  if (std::isfinite(low) && std::isfinite(high))
    return fmt::format("expected a number from {} to {}", low, high);
  if (std::isfinite(low)) return fmt::format("expected a number of at least {}", low);
  return "expected a finite number";
}

void dump_case(const CaseRow& row, const std::vector<Measure>& measures, std::string& out) {
  Object line{
      {"id", row.id}
  };
  if (!row.content.empty()) line.add("content", row.content);
  if (!row.output.empty()) line.add("output", row.output);
  if (!row.group.empty()) line.add("group", row.group);
  if (!row.tags.empty()) {
    List tags;
    for (const Tag& tag : row.tags) tags.push_back(List{tag.key, tag.value});
    line.add("tags", std::move(tags));
  }
  if (row.samples != 1) line.add("samples", row.samples);
  if (row.failed != 0) line.add("failed", row.failed);
  line.add("scores", named(row.values, measures));
  if (Object variances = named(row.variances, measures); !variances.empty())
    line.add("variances", std::move(variances));
  dump_json(line, out);
}

bool parse_case(std::string_view line, const std::string& file, std::size_t line_number,
                const std::vector<Measure>& measures, CaseRow& row, Diagnostics& problems) {
  Result<Value> value = parse_json(line, file, line_number);
  if (!value)
    if (const auto quoted = with_quoted_non_numbers(line))
      value = parse_json(*quoted, file, line_number);
  if (!value) {
    append(problems, value.problems());
    return false;
  }
  const std::size_t before = problems.size();
  const Source source(file, std::string(line));
  Fields fields(*value, source, problems, "the case");
  row.id = fields.required_text("id");
  row.content = fields.text("content").value_or("");
  row.output = fields.text("output").value_or("");
  row.group = fields.text("group").value_or("");
  constexpr double kMost = 1e9;
  row.samples = static_cast<int>(fields.integer("samples", {0, kMost}).value_or(1));
  row.failed = static_cast<int>(fields.integer("failed", {0, kMost}).value_or(0));
  if (row.failed > row.samples)
    fields.error({1, 0}, fmt::format("case `{}` has {} failed samples of {}", row.id, row.failed,
                                     row.samples));
  read_tags(fields, row.tags);
  if (!fields.has("scores")) fields.missing("scores");
  read_values(fields, "scores", row.id, true, measures, row.values);
  read_values(fields, "variances", row.id, false, measures, row.variances);
  // Keys only get added within a schema version: what a later program wrote is no problem.
  // Values of JSON carry no marks: the place is the line, and the excerpt would be the whole case.
  for (std::size_t i = before; i < problems.size(); ++i) {
    problems[i].line = line_number;
    problems[i].column = 0;
    problems[i].line_text.clear();
  }
  return problems.size() == before;
}

}  // namespace llmops
