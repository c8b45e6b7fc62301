#pragma once
// Several samples a case: how much of a score's variance lies between cases, between the samples of
// a case, and in the judge; and which cases are flaky.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/findings.h"
#include "evaluators/run_record.h"

namespace llmops {

// A case whose samples disagree: on pass/fail they are not all equal, on another scale their
// standard deviation is at least a quarter of the range.
struct FlakyCase {
  std::string id;
  double mean = 0;
  double variance = 0;  // between its samples
  int samples = 0;      // with an answer
};

struct RepeatedMeasure {
  const Measure* measure = nullptr;  // of the run's header
  std::int64_t cases = 0;            // with at least two scored samples
  std::int64_t flaky_count = 0;
  std::vector<FlakyCase> flaky;  // the most variable first, at most 50
  // Components of the variance of one sample's score, by a one-way random effects model (Cochran
  // 1977, section 10.6): between the true means of cases, between the samples of a case, and of the
  // judge's own draws, where a measure `NAME.draw_variance` tells it. Absent for fewer than two
  // cases.
  std::optional<double> between_cases, between_samples, of_judge;
};

// One entry for each score of an evaluator that has a case with two scored samples; what samples
// are reduced to is none, nor what is neither good nor bad (lengths, a judge's own variance). Reads
// the rows once.
std::vector<RepeatedMeasure> find_repeats(const RunSource& run);

// The same as findings: "flaky" (parts: case -> mean), "variance" (parts: cases, samples, judge).
std::vector<Finding> repeat_findings(const RunSource& run);

}  // namespace llmops
