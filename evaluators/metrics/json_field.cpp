// JSON field: one value inside the output's JSON is the wanted one.
// Cost: O(n + m).
#include <fmt/format.h>

#include "datasets/text/json.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/fenced.h"
#include "evaluators/metrics/text/json_compare.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {
    "path", "equals", "reference_path", "tolerance", "relative_tolerance", "allow_fence"};

struct Options {
  std::string path;
  std::optional<Value> equals;
  std::optional<std::string> reference_path;
  JsonTolerance tolerance;
  bool allow_fence = false;
};

// What a reference wants: the value at `reference_path` of its JSON, else its JSON where the field
// is no text, else its text.
std::optional<Value> wanted_value(const std::string& reference, const Options& options,
                                  const Value& field) {
  if (options.reference_path) {
    const Result<Value> document = parse_json(reference, "reference");
    const Value* found = document ? find_path(*document, *options.reference_path) : nullptr;
    return found == nullptr ? std::nullopt : std::optional(*found);
  }
  if (field.is_string()) return Value(strip(reference));
  const Result<Value> document = parse_json(strip(reference), "reference");
  return document ? *document : Value(strip(reference));
}

Value stripped(const Value& field) {
  return field.string() != nullptr ? Value(strip(*field.string())) : field;
}

Measurement measure(const Options& options, const Case& row, const Sample& sample) {
  if (!options.equals && row.references.empty()) return unscored(std::string(kNoReference));
  const Result<Value> output =
      parse_json(options.allow_fence ? without_fence(sample.text) : sample.text, "output");
  const Value* field = output ? find_path(*output, options.path) : nullptr;
  const Value there = field == nullptr ? Value() : stripped(*field);
  Measurement result =
      unscored(fmt::format("the reference has no `{}`", options.reference_path.value_or("")));
  const auto add = [&](const Value& wanted) {
    if (!output) {
      result = scored(0.0, fmt::format("no JSON: {}", output.problems().front().what));
    } else if (field == nullptr) {
      result = scored(0.0, fmt::format("the output has no `{}`", options.path));
    } else if (result.values[0] != 1.0) {
      const JsonAgreement agreement = compare_json(there, wanted, options.tolerance);
      result = scored(agreement.equal ? 1.0 : 0.0, agreement.first);
    }
  };
  if (options.equals) {
    add(stripped(*options.equals));
    return result;
  }
  for (const std::string& reference : row.references)
    if (const auto wanted = wanted_value(reference, options, there)) add(stripped(*wanted));
  return result;
}

std::unique_ptr<Metric> make(Fields& fields) {
  Options options;
  options.path = fields.required_text("path");
  if (const Value* equals = fields.value("equals")) options.equals = *equals;
  options.reference_path = fields.text("reference_path");
  constexpr Bounds kPositive{0.0, std::numeric_limits<double>::max()};
  options.tolerance.absolute = fields.number("tolerance", kPositive).value_or(0.0);
  options.tolerance.relative = fields.number("relative_tolerance", kPositive).value_or(0.0);
  options.allow_fence = fields.boolean("allow_fence").value_or(false);
  if (options.path.empty()) return nullptr;
  std::string signature = fmt::format(
      "json_field|path:{}|tolerance:{}|relative_tolerance:{}|fence:{}", options.path,
      options.tolerance.absolute, options.tolerance.relative, yes_no(options.allow_fence));
  if (options.equals) signature += "|equals:" + dump_json(*options.equals);
  if (options.reference_path) signature += "|reference_path:" + *options.reference_path;
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary), signature + "|version:1",
      [options](const Case& row, const Sample& sample) { return measure(options, row, sample); });
}

}  // namespace

extern const MetricInfo kJsonField;
constexpr MetricInfo kJsonField{
    .name = "json_field",
    .summary = "one field of the output's JSON has the wanted value",
    .source = "definition; RFC 6901 pointers",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
