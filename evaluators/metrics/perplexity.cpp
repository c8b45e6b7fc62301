// Perplexity of the output under the model that wrote it, from the log-probabilities that came with
// it.
// Cost: O(tokens).
#include <cmath>

#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

// Natural logarithms of the tokens' probabilities, wherever providers put them: a list of numbers,
// a list of objects with `logprob`, or such a list under `content`, `tokens` or `token_logprobs`.
// Others (null for a first token) are passed over.
void collect(const Value& value, std::vector<double>& found) {
  if (const List* items = value.list()) {
    for (const Value& item : *items) {
      const Value* number = item.is_object() ? item.find("logprob") : &item;
      if (number != nullptr && number->is_number()) found.push_back(number->number());
    }
    return;
  }
  for (const char* key : {"content", "token_logprobs", "tokens"}) {
    const Value* inside = value.find(key);
    if (inside == nullptr || !inside->is_list()) continue;
    collect(*inside, found);
    if (!found.empty()) return;
  }
}

class Perplexity final : public Metric {
 public:
  const std::vector<Column>& columns() const override {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    static const std::vector<Column> kColumns = {
        column(ScoreKind::positive, {1.0,                       kInfinity},
         Better::lower),
        { .detail = "bits_per_byte",
                                     .headline = "bits_per_byte",
                                     .kind = ScoreKind::positive,
                                     .range = {0.0, kInfinity},
                                     .better = Better::lower}
    };
    return kColumns;
  }
  std::string signature() const override { return "perplexity|log:natural|version:1"; }
  Measurement score(const Case&, const Sample& sample) const override {
    std::vector<double> logs;
    collect(sample.logprobs, logs);
    if (logs.empty()) return unscored("the sample has no log-probabilities", 2);
    double sum = 0;
    for (const double each : logs) sum += each;
    if (!std::isfinite(sum) || sum > 0) return unscored("the log-probabilities are none", 2);
    Measurement result;
    result.counts = {sum, static_cast<double>(logs.size()),
                     static_cast<double>(sample.text.size())};
    result.values = corpus(result.counts);
    if (!result.values[0]) return unscored("the perplexity is beyond all numbers", 2);
    return result;
  }
  std::vector<std::optional<double>> corpus(std::span<const double> counts) const override {
    std::vector<std::optional<double>> figures(2);
    if (counts.size() != 3 || counts[1] <= 0) return figures;
    const double perplexity = std::exp(-counts[0] / counts[1]);
    if (std::isfinite(perplexity)) figures[0] = perplexity;
    if (counts[2] > 0) figures[1] = -counts[0] / (counts[2] * std::log(2.0));
    return figures;
  }
};

std::unique_ptr<Metric> make(Fields&) { return std::make_unique<Perplexity>(); }

}  // namespace

extern const MetricInfo kPerplexity;
constexpr MetricInfo kPerplexity{
    .name = "perplexity",
    .summary = "exp of the mean negative log-probability of the output's tokens",
    .source = "Jelinek et al. 1977",
    .needs_references = false,
    .options = {},
    .make = &make,
};

}  // namespace llmops
