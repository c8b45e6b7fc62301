#pragma once
// The evaluators of a suite, and what they say of one sample.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/text/fields.h"
#include "evaluators/metric.h"
#include "evaluators/run_record.h"

namespace llmops {

// An entry of `evaluators:`: a metric with its options, its name in the run, and what surrounds it.
struct Evaluator {
  std::string name;  // `as:`, else the metric's name
  const MetricInfo* info = nullptr;
  std::unique_ptr<Metric> metric;
  bool negate = false;               // `not: true`: 1 - score, for scores in [0, 1]
  std::optional<double> weight;      // in the weighted mean `score`; absent counts as 1
  std::optional<double> min;         // per case: the score becomes 1 where it reaches `min`, else 0
  bool votes = false;                // one of the measures is a vote over the samples' answers
  std::vector<std::size_t> columns;  // of the metric, those with a headline; then those reduced
  std::vector<Measure> measures;     // one for each of `columns`
};

// Reads `evaluators:` (a list of names or {name: options}); notes every problem.
std::vector<Evaluator> read_evaluators(const Value& value, const Source& source,
                                       Diagnostics& problems);

// Takes the signature of its metric again: a judge's names the model once that is known.
void renew_signatures(Evaluator& evaluator);

// All measures of the evaluators, in order. Where an evaluator has a weight, the measure `score`
// comes last: the weighted mean of all bounded scores of a sample, each brought to [0, 1] with 1
// the best.
std::vector<Measure> measures_of(const std::vector<Evaluator>& evaluators);

struct Scores {
  std::vector<std::optional<double>> values;  // one for each measure
  std::vector<std::pair<std::string, std::string>>
      notes;  // measure -> why unscored, what was extracted
};

// Shows every case of the set to the evaluators that ask for it: once, before the first score.
void survey(const std::vector<Evaluator>& evaluators, const Dataset& dataset);

// Scores of each sample, in order; runs in parallel by itself. Failed samples are unscored by all.
std::vector<Scores> score_batch(const std::vector<Evaluator>& evaluators,
                                std::span<const Scorable> batch);

// Thread-safe. A failed sample is unscored by all.
Scores score(const std::vector<Evaluator>& evaluators, const Case& row, const Sample& sample);

}  // namespace llmops
