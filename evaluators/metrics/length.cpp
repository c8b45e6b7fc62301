// Length of the output in characters (code points) and words (pieces between white space).
// Cost: O(n).
#include "evaluators/metrics/simple_metric.h"

#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

class Length final : public Metric {
 public:
  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {of("characters"), of("words")};
    return kColumns;
  }
  std::string signature() const override { return "length|version:1"; }
  Measurement score(const Case&, const Sample& sample) const override {
    Measurement result;
    result.values = {static_cast<double>(code_points(sample.text)),
                     static_cast<double>(split_words(sample.text).size())};
    return result;
  }

 private:
  static Column of(const char* name) {
    return {
        .detail = name,
        .headline = name,
        .kind = ScoreKind::positive,
        .range = {0.0, std::numeric_limits<double>::infinity()},
        .better = Better::neither
    };
  }
};

std::unique_ptr<Metric> make(Fields&) { return std::make_unique<Length>(); }

}  // namespace

extern const MetricInfo kLength;
constexpr MetricInfo kLength{
    .name = "length",
    .summary = "characters and words of the output",
    .source = "definition",
    .needs_references = false,
    .options = {},
    .make = &make,
};

}  // namespace llmops
