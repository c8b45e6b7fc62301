// GLEU: shared n-grams of the orders 1 to 4 / n-grams of the side that has more of them.
// Cost: O(orders * (n + m)) words.
#include <fmt/format.h>

#include <algorithm>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/bleu_tokenizers.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/ngrams.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"tokenize", "lowercase", "min_order", "max_order"};

struct Options {
  BleuTokenizer tokenizer = BleuTokenizer::v13a;
  bool lowercase = false;
  std::size_t min_order = 1, max_order = 4;
};

struct Tokens {
  std::string lower, buffer;
  std::vector<std::string_view> views;
  Tokens(const std::string& text, const Options& options)
      : lower(options.lowercase ? lowercase(text) : text) {
    tokenize(options.tokenizer, strip_right(lower), buffer, views);
  }
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;
};

// Matches and n-grams for the reference with the highest share, the first of several.
std::vector<double> count(const std::string& hypothesis, std::span<const std::string> references,
                          const Options& options) {
  thread_local Vocabulary vocabulary;
  thread_local NgramMatcher matcher;
  vocabulary.clear();
  const Tokens output(hypothesis, options);
  TokenIds ids;
  vocabulary.add(output.views, ids);
  const auto grams = [&](std::size_t tokens) {
    std::size_t sum = 0;
    for (std::size_t n = options.min_order; n <= options.max_order; ++n)
      sum += tokens >= n ? tokens - n + 1 : 0;
    return static_cast<double>(sum);
  };
  std::vector<double> best = {0.0, 0.0};
  for (const std::string& text : references) {
    const Tokens reference(text, options);
    TokenIds wanted;
    vocabulary.find(reference.views, wanted);
    const auto shared = matcher.match(ids, {&wanted, 1}, options.max_order);
    double matches = 0;
    for (std::size_t n = options.min_order; n <= options.max_order; ++n)
      matches += static_cast<double>(shared[n - 1]);
    const double all = std::max(grams(ids.size()), grams(wanted.size()));
    if (all > 0 && (best[1] == 0 || matches / all > best[0] / best[1])) best = {matches, all};
  }
  return best;
}

std::unique_ptr<Metric> make(Fields& fields) {
  Options options;
  constexpr std::string_view kTokenizers[] = {"13a", "intl", "zh", "char", "none"};
  if (const auto tokenizer = fields.one_of("tokenize", kTokenizers))
    options.tokenizer = *bleu_tokenizer(*tokenizer);
  options.lowercase = fields.boolean("lowercase").value_or(false);
  options.min_order = static_cast<std::size_t>(fields.integer("min_order", {1, 100}).value_or(1));
  options.max_order = static_cast<std::size_t>(fields.integer("max_order", {1, 100}).value_or(4));
  if (options.min_order > options.max_order) {
    fields.error(fields.mark("min_order"), "`min_order` is above `max_order`");
    return nullptr;
  }
  return std::make_unique<CountedMetric>(CountedMetric::Parts{
      .column = column(ScoreKind::bounded),
      .signature =
          [=](std::string_view references) {
            return fmt::format("gleu|nrefs:{}|case:{}|tok:{}|orders:{}-{}|version:1", references,
                               options.lowercase ? "lc" : "mixed", name(options.tokenizer),
                               options.min_order, options.max_order);
          },
      .counts =
          [=](const std::string& hypothesis, std::span<const std::string> references) {
            return count(hypothesis, references, options);
          },
      .figure = [](std::span<const double> counts) -> std::optional<double> {
        return counts[1] > 0 ? counts[0] / counts[1] : 0.0;
      },
      .undefined = ""});
}

}  // namespace

extern const MetricInfo kGleu;
constexpr MetricInfo kGleu{
    .name = "gleu",
    .summary = "the smaller of n-gram precision and recall (Google BLEU)",
    .source = "Wu et al. 2016; nltk 3.8 `corpus_gleu`",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
