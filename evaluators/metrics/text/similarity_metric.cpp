#include "evaluators/metrics/text/similarity_metric.h"

#include <fmt/format.h>

#include "evaluators/metrics/text/lowercase.h"

namespace llmops {
namespace {

class SimilarityMetric final : public Metric {
 public:
  SimilarityMetric(std::string_view name, Unit unit, bool lowercase, SimilarityFunction similarity)
      : signature_(fmt::format("{}|unit:{}|case:{}|version:1", name, llmops::name(unit),
                               lowercase ? "lc" : "mixed")),
        unit_(unit),
        lowercase_(lowercase),
        similarity_(similarity) {}
  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {
        column(ScoreKind::bounded),
        {.detail = "distance",
                              .headline = "distance",
                              .kind = ScoreKind::positive,
                              .range = {0.0, std::numeric_limits<double>::infinity()},
                              .better = Better::lower}
    };
    return kColumns;
  }
  std::string signature() const override { return signature_; }
  Measurement score(const Case& row, const Sample& sample) const override {
    if (row.references.empty()) return unscored(std::string(kNoReference), 2);
    UnitIds ids(unit_);
    std::vector<std::string> texts;  // stay where they are while `ids` points into them
    texts.reserve(row.references.size() + 1);
    const auto ids_of = [&](const std::string& text) {
      texts.push_back(lowercase_ ? lowercase(text) : text);
      return ids.of(texts.back());
    };
    const std::vector<std::uint32_t> output = ids_of(sample.text);
    std::optional<Similarity> best;
    for (const std::string& text : row.references) {
      const Similarity found = similarity_(output, ids_of(text));
      if (!best || found.ratio > best->ratio) best = found;
    }
    Measurement result;
    result.values = {best->ratio, best->distance};
    return result;
  }

 private:
  std::string signature_;
  Unit unit_;
  bool lowercase_;
  SimilarityFunction similarity_;
};

}  // namespace

std::unique_ptr<Metric> make_similarity(Fields& fields, std::string_view name,
                                        SimilarityFunction similarity) {
  constexpr std::string_view kUnits[] = {"characters", "words"};
  const Unit unit = fields.one_of("unit", kUnits).value_or("characters") == "words"
                        ? Unit::words
                        : Unit::characters;
  return std::make_unique<SimilarityMetric>(name, unit, fields.boolean("lowercase").value_or(false),
                                            similarity);
}

}  // namespace llmops
