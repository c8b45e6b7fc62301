// Repetition: the share of n-grams of words that were there before; and the variety of words and
// pairs.
// Cost: O(n) words.
#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/vocabulary.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"n"};

// How many different n-grams there are for each order up to `most`.
std::vector<std::size_t> distinct(std::vector<std::uint32_t> ids, std::size_t words,
                                  std::size_t most) {
  std::vector<std::size_t> counts = {words};
  PairVocabulary pairs;
  for (std::size_t order = 2; order <= most && ids.size() > 1; ++order) {
    pairs.clear(ids.size());
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) ids[i] = pairs.id(ids[i], ids[i + 1]);
    ids.pop_back();
    counts.push_back(pairs.size());
  }
  return counts;
}

class Repetition final : public Metric {
 public:
  explicit Repetition(std::size_t n) : n_(n) {}
  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = [] {
      std::vector<Column> made = {column(ScoreKind::bounded, {}, Better::lower)};
      for (const char* name : {"distinct_1", "distinct_2"})
        made.push_back({.detail = name,
                        .headline = name,
                        .kind = ScoreKind::bounded,
                        .range = {},
                        .better = Better::higher});
      return made;
    }();
    return kColumns;
  }
  std::string signature() const override {
    return fmt::format("repetition|n:{}|case:lc|tok:split|version:1", n_);
  }
  Measurement score(const Case&, const Sample& sample) const override {
    const std::string lower = lowercase(sample.text);
    Vocabulary vocabulary;
    std::vector<std::uint32_t> ids;
    vocabulary.add(split_words(lower), ids);
    if (ids.empty()) return unscored("the output has no words", 3);
    const std::size_t size = ids.size();
    const auto counts = distinct(std::move(ids), vocabulary.size(), std::max<std::size_t>(n_, 2));
    const auto share = [&](std::size_t order) -> std::optional<double> {
      if (size < order) return std::nullopt;
      return static_cast<double>(counts[order - 1]) / static_cast<double>(size - order + 1);
    };
    Measurement result;
    // A text too short to repeat anything repeats nothing, and all its pairs (none) are different.
    result.values = {1.0 - share(n_).value_or(1.0), share(1), share(2).value_or(1.0)};
    return result;
  }

 private:
  std::size_t n_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  return std::make_unique<Repetition>(
      static_cast<std::size_t>(fields.integer("n", {1, 20}).value_or(4)));
}

}  // namespace

extern const MetricInfo kRepetition;
constexpr MetricInfo kRepetition{
    .name = "repetition",
    .summary = "share of repeated n-grams of words; distinct-1 and distinct-2",
    .source = "Welleck et al. 2020 (seq-rep-n); Li et al. 2016 (distinct-n)",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
