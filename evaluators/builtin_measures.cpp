#include "evaluators/run_record.h"

#include <limits>

namespace llmops {

const std::vector<Measure>& builtin_measures() {
  constexpr Range kPositive = {0.0, std::numeric_limits<double>::infinity()};
  const auto measure = [&](const char* name, ScoreKind kind, const char* unit,
                          Better better = Better::lower) {
    return Measure{.name = name,
                   .kind = kind,
                   .range = kind == ScoreKind::positive ? kPositive : Range{},
                   .better = better,
                   .signature = std::string(name) + "|version:1",
                   .unit = unit,
                   .builtin = true};
  };
  static const std::vector<Measure> kMeasures = {
      measure("input_tokens", ScoreKind::positive, "tokens"),
      measure("output_tokens", ScoreKind::positive, "tokens"),
      measure("total_tokens", ScoreKind::positive, "tokens"),
      measure("cost_per_case", ScoreKind::positive, "usd"),
      measure("latency", ScoreKind::positive, "ms"),
      measure("ttft", ScoreKind::positive, "ms"),
      measure("tpot", ScoreKind::positive, "ms"),
      measure("itl", ScoreKind::positive, "ms"),
      measure("error_rate", ScoreKind::binary, ""),
      measure("coverage", ScoreKind::binary, "", Better::higher),
      measure("cached_tokens", ScoreKind::positive, "tokens", Better::higher),
      measure("reasoning_tokens", ScoreKind::positive, "tokens"),
  };
  return kMeasures;
}

}  // namespace llmops
