#include "cli/score_aggregate.h"

#include "evaluators/metrics/text/rouge_aggregate.h"

namespace llmops {
namespace {

Object parts_of(const RougeScore& score) {
  return {
      {"precision", score.precision},
      {"recall",    score.recall   },
      {"fmeasure",  score.fmeasure }
  };
}

}  // namespace

void add_aggregates(const std::vector<ScoreMetric>& metrics, const ScoredSystem& system,
                    const AggregateOptions& options, Object& figures) {
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    if (metrics[m].info->name != "rouge") continue;
    // Three columns a variant: precision, recall, F.
    const std::size_t columns = metrics[m].metric->columns().size();
    std::vector<std::vector<RougeScore>> scores(columns / 3);
    for (const MetricTotals::Row& row : system.metrics[m].rows())
      for (std::size_t v = 0; v < scores.size(); ++v)
        if (row.values[3 * v])
          scores[v].push_back({*row.values[3 * v], *row.values[3 * v + 1], *row.values[3 * v + 2]});
    std::vector<std::size_t> scored;
    std::vector<std::vector<RougeScore>> given;
    for (std::size_t v = 0; v < scores.size(); ++v) {
      if (scores[v].empty()) continue;
      scored.push_back(v);
      given.push_back(std::move(scores[v]));
    }
    const auto found = rouge_aggregate(given, options.confidence, options.resamples, options.seed);
    for (std::size_t i = 0; i < scored.size(); ++i) {
      Value* figure = figures.find(metrics[m].headline_name(3 * scored[i] + 2));
      if (figure == nullptr) continue;
      figure->object()->add("aggregate", Object{
                                             {"low",  parts_of(found[i].low) },
                                             {"mid",  parts_of(found[i].mid) },
                                             {"high", parts_of(found[i].high)}
      });
    }
  }
}

}  // namespace llmops
