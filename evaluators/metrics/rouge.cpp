// ROUGE: overlap of n-grams (1 to 9) and of longest common subsequences with the best reference.
// Cost: n-grams O(n + m) words; rougeL, and rougeLsum over all pairs of lines, O(n * m / 64).
#include "evaluators/metrics/text/rouge.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"variants", "use_stemmer"};

class Rouge final : public Metric {
 public:
  Rouge(std::vector<RougeVariant> variants, bool stemmer)
      : variants_(std::move(variants)), stemmer_(stemmer) {
    for (const RougeVariant& variant : variants_) {
      for (const char* part : {"precision", "recall", "fmeasure"}) {
        Column column = llmops::column(ScoreKind::bounded);
        column.detail = fmt::format("{}.{}", variant.name, part);
        column.headline.reset();
        columns_.push_back(std::move(column));
      }
      columns_.back().headline = variant.name;
    }
  }
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override {
    std::string names;
    for (const RougeVariant& variant : variants_)
      names += fmt::format("{}{}", names.empty() ? "" : "+", variant.name);
    return fmt::format("rouge|variants:{}|stemmer:{}|refs:best|version:1", names, yes_no(stemmer_));
  }
  Measurement score(const Case& row, const Sample& sample) const override {
    if (row.references.empty()) return unscored(std::string(kNoReference), columns_.size());
    Measurement result;
    for (const RougeScore& score : rouge(sample.text, row.references, variants_, stemmer_))
      if (score.given_up) {
        result.values.resize(result.values.size() + 3);
        result.why = "rougeLsum: too many lines that are nearly alike";
      } else {
        for (const double value : {score.precision, score.recall, score.fmeasure})
          result.values.emplace_back(value);
      }
    return result;
  }

 private:
  std::vector<RougeVariant> variants_;
  bool stemmer_;
  std::vector<Column> columns_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  std::vector<std::string> names = fields.texts("variants");
  const bool given = fields.has("variants");
  if (!given) names = {"rouge1", "rouge2", "rougeL", "rougeLsum"};
  const bool stemmer = fields.boolean("use_stemmer").value_or(false);
  std::vector<RougeVariant> variants;
  for (const std::string& name : names) {
    if (auto variant = rouge_variant(name)) {
      variants.push_back(std::move(*variant));
    } else {
      constexpr std::string_view kChoices[] = {"rouge1", "rouge2", "rouge3",   "rouge4",
                                               "rouge5", "rouge6", "rouge7",   "rouge8",
                                               "rouge9", "rougeL", "rougeLsum"};
      fields.error(fields.mark("variants"), fmt::format("there is no ROUGE variant `{}`", name),
                   expected_one_of(kChoices), did_you_mean(name, kChoices));
    }
  }
  if (variants.size() != names.size()) return nullptr;
  if (variants.empty()) {
    fields.error(fields.mark("variants"), "`variants` names no variant",
                 "expected a list such as [rouge1, rougeL]");
    return nullptr;
  }
  return std::make_unique<Rouge>(std::move(variants), stemmer);
}

}  // namespace

extern const MetricInfo kRouge;
constexpr MetricInfo kRouge{
    .name = "rouge",
    .summary = "shared n-grams and longest common subsequence (ROUGE-N, -L, -Lsum)",
    .source = "Lin 2004; rouge_score 0.1.2",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
