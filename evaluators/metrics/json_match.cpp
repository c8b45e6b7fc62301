// JSON match: the output is the same document as the reference; and how many of the reference's
// leaves it has.
// Cost: O(n + m); members of objects are found by name.
#include <fmt/format.h>

#include "datasets/text/json.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/fenced.h"
#include "evaluators/metrics/text/json_compare.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"tolerance", "relative_tolerance", "ignore_order",
                                         "ignore_extra", "allow_fence"};

class JsonMatch final : public Metric {
 public:
  JsonMatch(const JsonTolerance& tolerance, bool allow_fence)
      : tolerance_(tolerance), allow_fence_(allow_fence) {}

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {
        column(ScoreKind::binary),
        {.detail = "leaves",
                             .headline = "leaves",
                             .kind = ScoreKind::bounded,
                             .range = {},
                             .better = Better::higher}
    };
    return kColumns;
  }
  std::string signature() const override {
    return fmt::format(
        "json_match|tolerance:{}|relative_tolerance:{}|order:{}|extra:{}|fence:{}|version:1",
        tolerance_.absolute, tolerance_.relative, yes_no(!tolerance_.ignore_order),
        yes_no(!tolerance_.ignore_extra), yes_no(allow_fence_));
  }
  Measurement score(const Case& row, const Sample& sample) const override {
    if (row.references.empty()) return unscored(std::string(kNoReference), 2);
    const Result<Value> output =
        parse_json(allow_fence_ ? without_fence(sample.text) : sample.text, "output");
    Measurement best = unscored("the reference is no JSON", 2);
    for (const std::string& text : row.references) {
      const Result<Value> reference = parse_json(text, "reference");
      if (!reference) continue;
      Measurement each;
      if (output) {
        const JsonAgreement agreement = compare_json(*output, *reference, tolerance_);
        each.values = {agreement.equal ? 1.0 : 0.0,
                       static_cast<double>(agreement.same) / static_cast<double>(agreement.leaves)};
        each.note = agreement.first;
      } else {
        each.values = {0.0, 0.0};
        each.note = fmt::format("no JSON: {}", output.problems().front().what);
      }
      if (!best.values[0] || each.values > best.values) best = std::move(each);
    }
    return best;
  }

 private:
  JsonTolerance tolerance_;
  bool allow_fence_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  constexpr Bounds kPositive{0.0, std::numeric_limits<double>::max()};
  JsonTolerance tolerance;
  tolerance.absolute = fields.number("tolerance", kPositive).value_or(0.0);
  tolerance.relative = fields.number("relative_tolerance", kPositive).value_or(0.0);
  tolerance.ignore_order = fields.boolean("ignore_order").value_or(false);
  tolerance.ignore_extra = fields.boolean("ignore_extra").value_or(false);
  return std::make_unique<JsonMatch>(tolerance, fields.boolean("allow_fence").value_or(false));
}

}  // namespace

extern const MetricInfo kJsonMatch;
constexpr MetricInfo kJsonMatch{
    .name = "json_match",
    .summary = "the output is the same JSON document as a reference",
    .source = "definition",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
