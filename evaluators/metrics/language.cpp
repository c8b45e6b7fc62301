// Language: the output is in the wanted language.
// Cost: O(n).
#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/language.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"expected", "field"};

Measurement measure(const std::string& expected, const std::string& field, const Case& row,
                    const Sample& sample) {
  std::string wanted = expected;
  if (wanted.empty() && !field.empty()) {
    const Value* found = row.variables.find(field);
    if (found == nullptr || found->string() == nullptr)
      return unscored(fmt::format("the case has no `{}`", field));
    wanted = *found->string();
  } else if (wanted.empty()) {
    if (row.references.empty()) return unscored(std::string(kNoReference));
    wanted = detect_language(row.references.front());
    if (wanted.empty()) return unscored("the reference is too short to tell its language");
  }
  const std::string found = detect_language(sample.text);
  if (found.empty()) return unscored("the output is too short to tell its language");
  return scored(found == wanted ? 1.0 : 0.0, fmt::format("found {}, wanted {}", found, wanted));
}

std::unique_ptr<Metric> make(Fields& fields) {
  const std::string expected = fields.one_of("expected", languages()).value_or("");
  const std::string field = fields.text("field").value_or("");
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("language|expected:{}|version:1", !expected.empty() ? expected
                                                    : !field.empty()  ? "field " + field
                                                                      : "reference"),
      [=](const Case& row, const Sample& sample) { return measure(expected, field, row, sample); });
}

}  // namespace

extern const MetricInfo kLanguage;
constexpr MetricInfo kLanguage{
    .name = "language",
    .summary = "the output is in the wanted language",
    .source =
        "definition: script, frequent words and letter groups (after Cavnar and Trenkle 1994)",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
