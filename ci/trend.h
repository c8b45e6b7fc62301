#pragma once
// What became of a measure over many runs: where its level changed, and whether small accepted
// losses have added up. Findings, never a verdict (statistics.md of the house, section 10).

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ci/gate/verdict.h"
#include "evaluators/run_record.h"

namespace llmops {

struct TrendPoint {
  std::string run;
  std::string created;
  double value = 0;  // mean over the run's cases
  std::int64_t cases = 0;
};

struct TrendChange {
  std::size_t index = 0;  // of the first point at the new level
  std::string run, created;
  double before = 0, after = 0;                       // mean levels
  std::optional<double> relative;                     // (after - before)/before
  std::optional<double> interval_low, interval_high;  // of the difference, Welch, 95 %
  double p = 1.0;                                     // of permutations; the split was searched for
  bool worse = false;
};

struct Trend {
  Measure measure;
  std::vector<TrendPoint> points;
  std::vector<TrendChange> changes;  // in order of time
  std::string refusal;               // why none was looked for
};

// Runs in order of time; those that lack the measure are left out. Reads each run's rows once.
Trend find_trend(const std::vector<const RunSource*>& runs, const std::string& measure,
                 std::uint64_t seed = 1);

// A rule that the candidate keeps against the present baseline and breaks against the oldest kept
// one: losses within the margin that have added up.
struct SlowDrift {
  std::string rule;
  std::string oldest;   // id of the oldest baseline
  std::string created;  // when it was made
  std::string why;      // of its comparison
};
// `now`: the verdict against the present baseline. Empty where the history holds no older version
// or none that can be read.
std::vector<SlowDrift> find_slow_drift(const std::filesystem::path& baseline,
                                       const RunSource& candidate, const GateSpec& gate,
                                       const Verdict& now);

}  // namespace llmops
