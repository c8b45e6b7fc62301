// Readability of English text by sentence and word length. Syllables are counted by rule, so
// figures differ a little from those of a dictionary.
// Cost: O(n).
#include <algorithm>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/readability.h"

namespace llmops {
namespace {

class Readability final : public Metric {
 public:
  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = [] {
      constexpr double kInfinity = std::numeric_limits<double>::infinity();
      std::vector<Column> made;
      for (const char* name :
           {"flesch_reading_ease", "flesch_kincaid_grade", "automated_readability_index"})
        made.push_back({
            .detail = name,
            .headline = name,
            .kind = ScoreKind::unbounded,
            .range = {-kInfinity, kInfinity},
            .better = Better::neither
        });
      return made;
    }();
    return kColumns;
  }
  std::string signature() const override { return "readability|lang:en|syllables:rules|version:1"; }
  Measurement score(const Case&, const Sample& sample) const override {
    const TextCounts counts = count_text(sample.text);
    if (counts.words == 0) return unscored("the output has no words", 3);
    const auto words = static_cast<double>(counts.words);
    const double sentence = words / static_cast<double>(std::max<std::size_t>(counts.sentences, 1));
    const double syllables = static_cast<double>(counts.syllables) / words;
    const double characters = static_cast<double>(counts.characters) / words;
    Measurement result;
    result.values = {206.835 - 1.015 * sentence - 84.6 * syllables,
                     0.39 * sentence + 11.8 * syllables - 15.59,
                     4.71 * characters + 0.5 * sentence - 21.43};
    return result;
  }
};

std::unique_ptr<Metric> make(Fields&) { return std::make_unique<Readability>(); }

}  // namespace

extern const MetricInfo kReadability;
constexpr MetricInfo kReadability{
    .name = "readability",
    .summary = "Flesch reading ease, Flesch-Kincaid grade, ARI (English)",
    .source = "Flesch 1948; Kincaid et al. 1975; Senter and Smith 1967",
    .needs_references = false,
    .options = {},
    .make = &make,
};

}  // namespace llmops
