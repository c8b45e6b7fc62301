// BLEU: clipped n-gram precision with a brevity penalty. A row has its sentence score, the set its
// corpus score from the summed counts.
// Cost: O(orders * (n + m)) words.
#include "evaluators/metrics/text/bleu.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/sacrebleu_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"tokenize",  "smooth_method",   "smooth_value",
                                         "lowercase", "effective_order", "max_ngram_order"};

class Bleu final : public SacrebleuMetric {
 public:
  // Without `effective_order` rows have it on and the corpus has it off, as in the reference.
  Bleu(const BleuOptions& options, std::optional<bool> effective_order)
      : options_(options), effective_order_(effective_order) {}

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {column(ScoreKind::bounded, {0.0, 100.0})};
    return kColumns;
  }
  std::string signature() const override {
    return fmt::format(
        "bleu|nrefs:{}|{}|version:1{}{}", references(), settings(),
        options_.max_ngram_order == 4 ? "" : fmt::format("|order:{}", options_.max_ngram_order),
        effective_order_ ? "" : "|rows:eff");
  }
  std::string sacrebleu_name() const override { return "BLEU"; }
  std::string settings() const override {
    std::string smoothing(name(options_.smoothing));
    if (options_.smoothing == BleuSmoothing::floor || options_.smoothing == BleuSmoothing::add_k)
      smoothing += fmt::format("[{:.2f}]", options_.smooth_value);
    return fmt::format("case:{}|eff:{}|tok:{}|smooth:{}", options_.lowercase ? "lc" : "mixed",
                       yes_no(effective_order_.value_or(false)), name(options_.tokenizer),
                       smoothing);
  }
  std::string sacrebleu_details(std::span<const double> counts) const override {
    const BleuScore found = score_of(counts);
    std::string precisions;
    for (const double each : found.precisions)
      precisions += fmt::format("{}{:.1f}", precisions.empty() ? " " : "/", each);
    return fmt::format("{} (BP = {:.3f} ratio = {:.3f} hyp_len = {:.0f} ref_len = {:.0f})",
                       precisions, found.brevity_penalty, ratio_of(found), found.hypothesis_length,
                       found.reference_length);
  }
  Object parts(std::span<const double> counts) const override {
    const BleuScore found = score_of(counts);
    const auto list = [](const std::vector<double>& values) {
      return List(values.begin(), values.end());
    };
    return {
        {"precisions", list(found.precisions) },
        {"bp",         found.brevity_penalty  },
        {"ratio",      ratio_of(found)        },
        {"sys_len",    found.hypothesis_length},
        {"ref_len",    found.reference_length },
        {"counts",     list(found.counts)     },
        {"totals",     list(found.totals)     },
    };
  }
  double figure(std::span<const double> counts, bool) const override {
    return score_of(counts).score;
  }

 private:
  BleuScore score_of(std::span<const double> counts) const {
    return bleu_score(counts, options_, effective_order_.value_or(false));
  }
  static double ratio_of(const BleuScore& score) {
    return score.reference_length > 0 ? score.hypothesis_length / score.reference_length : 0.0;
  }
  std::vector<double> counts_of(const std::string& hypothesis,
                                std::span<const std::string> references) const override {
    return bleu_counts(hypothesis, references, options_);
  }
  double row_figure(std::span<const double> counts) const override {
    return bleu_score(counts, options_, effective_order_.value_or(true)).score;
  }

  BleuOptions options_;
  std::optional<bool> effective_order_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  BleuOptions options;
  constexpr std::string_view kTokenizers[] = {"13a", "intl", "zh", "char", "none"};
  if (const auto tokenizer = fields.one_of("tokenize", kTokenizers))
    options.tokenizer = *bleu_tokenizer(*tokenizer);
  constexpr std::string_view kSmoothings[] = {"none", "floor", "add-k", "exp"};
  const std::string smoothing = fields.one_of("smooth_method", kSmoothings).value_or("exp");
  for (const BleuSmoothing each :
       {BleuSmoothing::none, BleuSmoothing::floor, BleuSmoothing::add_k, BleuSmoothing::exp})
    if (name(each) == smoothing) options.smoothing = each;
  constexpr double kFloor = 0.1;  // the reference's defaults
  constexpr double kAddK = 1.0;
  const double usual = options.smoothing == BleuSmoothing::floor ? kFloor : kAddK;
  options.smooth_value = fields.number("smooth_value", {0.0, 1e9}).value_or(usual);
  options.lowercase = fields.boolean("lowercase").value_or(false);
  const std::optional<bool> effective_order = fields.boolean("effective_order");
  options.max_ngram_order =
      static_cast<std::size_t>(fields.integer("max_ngram_order", {1, 100}).value_or(4));
  return std::make_unique<Bleu>(options, effective_order);
}

}  // namespace

extern const MetricInfo kBleu;
constexpr MetricInfo kBleu{
    .name = "bleu",
    .summary = "clipped n-gram precision with brevity penalty, 0 to 100",
    .source = "Papineni et al. 2002; Post 2018; sacrebleu 2.6.0",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
