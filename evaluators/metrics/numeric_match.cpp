// Numeric match: the number that the output ends in is the number that the reference ends in.
// Cost: O(n + m).
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/numbers.h"
#include "evaluators/metrics/text/patterns.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"extract", "reference_extract", "tolerance",
                                         "relative_tolerance"};

struct Tolerance {
  double absolute = 0, relative = 0;
};

std::optional<Number> number_in(std::string_view text, const Pattern& extract) {
  if (extract == nullptr) return last_number(text);
  const std::optional<std::string> found = last_match(*extract, text);
  return found ? last_number(*found) : std::nullopt;
}

// Decimals are compared digit by digit, so that 0.1 + nothing is 0.1 and long integers do not run
// together.
bool equal(const Number& output, const Number& reference, const Tolerance& tolerance) {
  if (output.digits == reference.digits) return true;
  const double allowed =
      std::max(tolerance.absolute, tolerance.relative * std::abs(reference.value));
  if (allowed <= 0 || !std::isfinite(output.value) || !std::isfinite(reference.value)) return false;
  // The bound itself is inside, also where the difference of two decimals rounds up.
  const double rounding = 4 * std::numeric_limits<double>::epsilon() *
                          std::max(std::abs(output.value), std::abs(reference.value));
  return std::abs(output.value - reference.value) <= allowed + rounding;
}

std::unique_ptr<Metric> make(Fields& fields) {
  const Pattern extract = read_pattern(fields, "extract");
  const Pattern reference_extract = read_pattern(fields, "reference_extract");
  constexpr Bounds kPositive{0.0, std::numeric_limits<double>::max()};
  const Tolerance tolerance{fields.number("tolerance", kPositive).value_or(0.0),
                            fields.number("relative_tolerance", kPositive).value_or(0.0)};
  if ((fields.has("extract") && extract == nullptr) ||
      (fields.has("reference_extract") && reference_extract == nullptr))
    return nullptr;
  const auto shown = [](const Pattern& pattern) {
    return pattern == nullptr ? "last" : pattern->pattern();
  };
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("numeric_match|extract:{}|reference_extract:{}|tolerance:{}|relative_tolerance:{}"
                  "|version:1",
                  shown(extract), shown(reference_extract), tolerance.absolute, tolerance.relative),
      [=](const Case& row, const Sample& sample) {
        if (row.references.empty()) return unscored(std::string(kNoReference));
        const std::optional<Number> output = number_in(sample.text, extract);
        std::string wanted;
        bool right = false;
        for (const std::string& text : row.references) {
          const std::optional<Number> reference = number_in(text, reference_extract);
          if (!reference) continue;
          wanted += fmt::format("{}{}", wanted.empty() ? "" : " or ", reference->shown);
          right = right || (output && equal(*output, *reference, tolerance));
        }
        if (wanted.empty()) return unscored("no number is found in the reference");
        if (!output)
          return scored(0.0, fmt::format("no number is found in the output, wanted {}", wanted));
        return with_answer(
            scored(right ? 1.0 : 0.0, fmt::format("found {}, wanted {}", output->shown, wanted)),
            output->digits);
      });
}

}  // namespace

extern const MetricInfo kNumericMatch;
constexpr MetricInfo kNumericMatch{
    .name = "numeric_match",
    .summary = "the number in the output equals the number in a reference",
    .source = "definition; verdicts of GSM8K (Cobbe et al. 2021)",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
