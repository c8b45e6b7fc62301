// TER: edits, moves of blocks included, for each word of the reference.
// Cost: O(50 * n) words a round of shifts, whose candidates are bounded as in the reference
// program.
#include "evaluators/metrics/text/ter.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/sacrebleu_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"normalized", "no_punct", "asian_support",
                                         "case_sensitive"};

class Ter final : public SacrebleuMetric {
 public:
  explicit Ter(const TerOptions& options) : options_(options) {}
  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {
        column(ScoreKind::positive, {0.0, std::numeric_limits<double>::infinity()}, Better::lower)};
    return kColumns;
  }
  std::string signature() const override {
    return fmt::format("ter|nrefs:{}|{}|version:1", references(), settings());
  }
  std::string sacrebleu_name() const override { return "TER"; }
  std::string settings() const override {
    return fmt::format("case:{}|tok:tercom|norm:{}|punct:{}|asian:{}",
                       options_.case_sensitive ? "mixed" : "lc", yes_no(options_.normalized),
                       yes_no(!options_.no_punct), yes_no(options_.asian_support));
  }
  Object parts(std::span<const double> counts) const override {
    return {
        {"num_edits",  counts[0]},
        {"ref_length", counts[1]},
    };
  }
  double figure(std::span<const double> counts, bool resampled) const override {
    return ter_score(counts, resampled);
  }

 private:
  std::vector<double> counts_of(const std::string& hypothesis,
                                std::span<const std::string> references) const override {
    return ter_counts(hypothesis, references, options_);
  }
  TerOptions options_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  TerOptions options;
  options.normalized = fields.boolean("normalized").value_or(false);
  options.no_punct = fields.boolean("no_punct").value_or(false);
  options.asian_support = fields.boolean("asian_support").value_or(false);
  options.case_sensitive = fields.boolean("case_sensitive").value_or(false);
  return std::make_unique<Ter>(options);
}

}  // namespace

extern const MetricInfo kTer;
constexpr MetricInfo kTer{
    .name = "ter",
    .summary = "edits and block moves for 100 reference words, lower is better",
    .source = "Snover et al. 2006; sacrebleu 2.6.0",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
