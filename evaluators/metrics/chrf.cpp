// chrF: F-score over character n-grams; with word n-grams chrF+ and chrF++.
// Cost: O(orders * (n + m)) characters and words, but for sorting.
#include "evaluators/metrics/text/chrf.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/sacrebleu_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"char_order", "word_order", "beta",
                                         "lowercase",  "whitespace", "eps_smoothing"};

class Chrf final : public SacrebleuMetric {
 public:
  explicit Chrf(const ChrfOptions& options) : options_(options) {}
  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {column(ScoreKind::bounded, {0.0, 100.0})};
    return kColumns;
  }
  std::string signature() const override {
    return fmt::format("chrf|nrefs:{}|{}|beta:{}|version:1", references(), settings(),
                       options_.beta);
  }
  std::string sacrebleu_name() const override {
    return fmt::format("chrF{}{}", options_.beta, std::string(options_.word_order, '+'));
  }
  std::string settings() const override {
    return fmt::format("case:{}|eff:{}|nc:{}|nw:{}|space:{}", options_.lowercase ? "lc" : "mixed",
                       yes_no(!options_.eps_smoothing), options_.char_order, options_.word_order,
                       yes_no(options_.whitespace));
  }
  Object parts(std::span<const double>) const override {
    return {
        {"char_order", static_cast<std::int64_t>(options_.char_order)},
        {"word_order", static_cast<std::int64_t>(options_.word_order)},
        {"beta",       options_.beta                                 },
    };
  }
  double figure(std::span<const double> counts, bool resampled) const override {
    return chrf_score(counts, options_, resampled);
  }

 private:
  std::vector<double> counts_of(const std::string& hypothesis,
                                std::span<const std::string> references) const override {
    return chrf_counts(hypothesis, references, options_);
  }
  ChrfOptions options_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  ChrfOptions options;
  options.char_order = static_cast<std::size_t>(fields.integer("char_order", {0, 100}).value_or(6));
  options.word_order = static_cast<std::size_t>(fields.integer("word_order", {0, 100}).value_or(0));
  options.beta = fields.number("beta", {0, 1e6}).value_or(2.0);
  options.lowercase = fields.boolean("lowercase").value_or(false);
  options.whitespace = fields.boolean("whitespace").value_or(false);
  options.eps_smoothing = fields.boolean("eps_smoothing").value_or(false);
  if (options.char_order + options.word_order == 0) {
    fields.error(fields.mark("char_order"), "`char_order` and `word_order` are both 0",
                 "expected one order of at least 1");
    return nullptr;
  }
  return std::make_unique<Chrf>(options);
}

}  // namespace

extern const MetricInfo kChrf;
constexpr MetricInfo kChrf{
    .name = "chrf",
    .summary = "F-score over character n-grams (chrF, chrF+, chrF++), 0 to 100",
    .source = "Popović 2015, 2017; sacrebleu 2.6.0",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
