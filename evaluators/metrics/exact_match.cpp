// Exact match: the output equals one of the references, character for character, once the white
// space around both is cut off.
#include "evaluators/metric.h"

namespace llmops {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

class ExactMatch final : public Metric {
 public:
  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {{.detail = "", .headline = "", .kind = ScoreKind::binary, .range = {}}};
    return kColumns;
  }
  std::string signature() const override { return "exact_match|trim:yes|version:1"; }
  Measurement score(const Case& row, const Sample& sample) const override {
    bool equal = false;
    for (const std::string& reference : row.references) equal = equal || trimmed(sample.text) == trimmed(reference);
    return {.values = {equal ? 1.0 : 0.0}, .why = "", .counts = {}, .note = ""};
  }
};

std::unique_ptr<Metric> make(Fields&) { return std::make_unique<ExactMatch>(); }

}  // namespace

extern const MetricInfo kExactMatch;
constexpr MetricInfo kExactMatch{
    .name = "exact_match",
    .summary = "the output equals a reference",
    .source = "definition",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
