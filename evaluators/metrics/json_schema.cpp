// JSON Schema: the output is JSON that a schema accepts.
// Cost: O(n) for each part of the schema that applies.
#include <fmt/format.h>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/fenced.h"
#include "evaluators/metrics/text/option_file.h"
#include "evaluators/metrics/text/schema.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"schema", "allow_fence"};

std::unique_ptr<Metric> make(Fields& fields) {
  const bool allow_fence = fields.boolean("allow_fence").value_or(false);
  const std::optional<Value> given = read_option_value(fields, "schema");
  if (!given) {
    if (!fields.has("schema"))
      fields.missing("schema", "a JSON Schema, or the path of a file that holds one");
    return nullptr;
  }
  const std::string hash = sha256(dump_json(*given)).substr(0, 16);
  const Result<Schema> schema = Schema::compile(*given, "`schema`");
  if (!schema) {
    for (const Diagnostic& each : schema.problems())
      fields.error(fields.mark("schema"), each.what, each.expected, each.help);
    return nullptr;
  }
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("json_schema|schema:{}|fence:{}|version:1", hash, yes_no(allow_fence)),
      [allow_fence, checked = *schema](const Case&, const Sample& sample) {
        const Result<Value> value =
            parse_json(allow_fence ? without_fence(sample.text) : sample.text, "output");
        if (!value) return scored(0.0, fmt::format("no JSON: {}", value.problems().front().what));
        const std::optional<std::string> wrong = checked.problem(*value);
        return wrong ? scored(0.0, *wrong) : scored(1.0);
      });
}

}  // namespace

extern const MetricInfo kJsonSchema;
constexpr MetricInfo kJsonSchema{
    .name = "json_schema",
    .summary = "the output is JSON that a schema accepts",
    .source = "JSON Schema, drafts 7 to 2020-12",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
