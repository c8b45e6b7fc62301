#include "evaluators/metric.h"

#include "datasets/parallel.h"

namespace llmops {

std::string_view name(Better better) {
  switch (better) {
    case Better::higher:
      return "higher";
    case Better::lower:
      return "lower";
    case Better::neither:
      break;
  }
  return "neither";
}

std::string_view name(ScoreKind kind) {
  switch (kind) {
    case ScoreKind::binary:
      return "binary";
    case ScoreKind::bounded:
      return "bounded";
    case ScoreKind::positive:
      return "positive";
    case ScoreKind::unbounded:
      break;
  }
  return "unbounded";
}

void Metric::survey(const Case&) {}

std::vector<Measurement> Metric::score_batch(std::span<const Scorable> batch) const {
  std::vector<Measurement> measured(batch.size());
  parallel_for(batch.size(),
               [&](std::size_t i) { measured[i] = score(*batch[i].row, *batch[i].sample); });
  return measured;
}

std::vector<std::optional<double>> Metric::corpus(std::span<const double>) const {
  return std::vector<std::optional<double>>(columns().size());
}

#define LLMOPS_METRIC(info) extern const MetricInfo info;
#include "evaluators/metrics/metrics.def"
// Judges come after what needs no model.
#include "evaluators/judge/judges.def"
#undef LLMOPS_METRIC

std::span<const MetricInfo* const> metrics() {
  static constexpr const MetricInfo* kAll[] = {
#define LLMOPS_METRIC(info) &info,
#include "evaluators/metrics/metrics.def"
// Judges come after what needs no model.
#include "evaluators/judge/judges.def"
#undef LLMOPS_METRIC
  };
  return kAll;
}

const MetricInfo* find_metric(std::string_view name) {
  for (const MetricInfo* info : metrics())
    if (info->name == name) return info;
  return nullptr;
}

}  // namespace llmops
