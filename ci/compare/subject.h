#pragma once
// One thing that two runs are compared in, while their rows stream by: a measure, or a quantile of
// it, over all cases or over a slice.

#include <optional>
#include <vector>

#include "ci/compare/row_pairs.h"
#include "ci/compare/tally.h"
#include "ci/comparison.h"
#include "ci/gate/tag_filter.h"

namespace llmops {

class Subject {
 public:
  // `shape` holds metric, measure, quantity, where, named_test, relative and sign.
  // `filter` picks the cases of `where`.
  Subject(MetricComparison shape, TagFilter filter, const RunHeader& baseline,
          const RunHeader& candidate);

  void first(const RowPairs& rows);
  void begin_second(bool paired);
  // `cluster`: the number of the case's cluster, where cases belong together.
  void second(const RowPairs& rows, std::optional<std::uint32_t> cluster);
  // After both passes. `margin`: what the owner accepts, as a number of the rule or as proposed.
  MetricComparison finish(const GateSpec& gate, std::optional<double> margin,
                          bool outputs_identical);

  const MetricComparison& shape() const { return out_; }
  bool values_seen() const { return before_.n() > 0 || after_.n() > 0; }

 private:
  struct Values {
    std::optional<double> before, after, after_worst;
  };
  std::optional<Values> values_of(const RowPairs& rows) const;
  double worst_score() const;
  void note_loss(const std::string& id, double difference);
  void add_headline();
  void add_decision(const GateSpec& gate);
  void add_planning(const GateSpec& gate, const Inference& found);
  void add_variances();
  void add_notes(bool outputs_identical);
  Inference decide(const InferenceRequest& request) const;
  std::string missing() const;

  MetricComparison out_;
  std::optional<MeasureColumn> in_baseline_, in_candidate_;
  TagFilter filter_;
  bool can_fail_;  // a failed call leaves it unscored, and there is a worst score
  bool paired_ = true;
  std::uint64_t seed_ = 1;
  bool identical_ = true;  // every value of the cases that pair
  PairedTally pairs_, pairs_worst_;
  ArmTally before_, after_, after_worst_;
  // Of a quantile or a named test: values of the cases that have one in both runs, in one order
  // (independent arms: all values).
  std::vector<double> values_before_, values_after_;
  // Variances between the answers to a case, and what they contribute to the noise of case means.
  struct Answers {
    stats::Sum variance, noise;
    std::int64_t cases = 0;
    void add(std::optional<double> between_answers, int answers);
  };
  Answers answers_before_, answers_after_;
};

}  // namespace llmops
