// BLEU: clipped n-gram precision with a brevity penalty. A row has its sentence score, the set its
// corpus score from the summed counts.
#include "evaluators/metrics/text/bleu.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/reference_count.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"tokenize",  "smooth_method",   "smooth_value",
                                         "lowercase", "effective_order", "max_ngram_order"};

class Bleu final : public Metric {
 public:
  // Without `effective_order` rows have it on and the corpus has it off, as in the reference.
  Bleu(const BleuOptions& options, std::optional<bool> effective_order)
      : options_(options), effective_order_(effective_order) {}

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = {column(ScoreKind::bounded, {0.0, 100.0})};
    return kColumns;
  }

  std::string signature() const override {
    std::string smoothing(name(options_.smoothing));
    if (options_.smoothing == BleuSmoothing::floor || options_.smoothing == BleuSmoothing::add_k)
      smoothing += fmt::format("[{:.2f}]", options_.smooth_value);
    return fmt::format(
        "bleu|nrefs:{}|case:{}|eff:{}|tok:{}|smooth:{}|version:1{}{}", references_.shown(),
        options_.lowercase ? "lc" : "mixed", yes_no(effective_order_.value_or(false)),
        name(options_.tokenizer), smoothing,
        options_.max_ngram_order == 4 ? "" : fmt::format("|order:{}", options_.max_ngram_order),
        effective_order_ ? "" : "|rows:eff");
  }

  Measurement score(const Case& row, const Sample& sample) const override {
    if (row.references.empty()) return unscored(std::string(kNoReference));
    references_.saw(row.references.size());
    Measurement result;
    result.counts = bleu_counts(sample.text, row.references, options_);
    result.values = {bleu_score(result.counts, options_, effective_order_.value_or(true)).score};
    return result;
  }

  std::vector<std::optional<double>> corpus(std::span<const double> counts) const override {
    if (counts.size() != 2 + 2 * options_.max_ngram_order) return {std::nullopt};
    return {bleu_score(counts, options_, effective_order_.value_or(false)).score};
  }

 private:
  BleuOptions options_;
  std::optional<bool> effective_order_;
  mutable ReferenceCount references_;
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
