#pragma once
// A run that may stop as soon as its verdict is certain (statistics.md of the house, section 7):
// each gated metric is an e-process over paired differences that may be looked at after every case.
// Never stop and then use the formulas for a fixed number of cases.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ci/compare/row_pairs.h"
#include "ci/gate/verdict.h"
#include "ci/stats/sequential.h"
#include "datasets/text/result.h"

namespace llmops {

// The order in which the cases are asked: drawn before the run, from its recorded seed.
std::vector<std::uint32_t> drawn_order(std::size_t cases, std::uint64_t seed);

class SequentialVerdict {
 public:
  // Problems where no rule can be followed case by case: that takes `max_drop` or `max_increase`
  // with a number above 0, of the mean of a bounded metric over all cases. Other primary rules keep
  // the run from passing early, not from failing early.
  static Result<SequentialVerdict> make(const GateSpec& gate, const RunHeader& baseline,
                                        const RunHeader& candidate, std::int64_t cases);

  // The case at `position` (0-based) of the drawn order has finished. Early finishers wait, so that
  // results enter in that order. `baseline`: nullptr where it lacks the case. After the verdict
  // nothing is taken any more.
  void add(std::int64_t position, const CaseRow* baseline, const CaseRow& candidate);

  bool decided() const { return outcome_.has_value(); }
  std::int64_t used() const { return next_; }  // cases that entered
  std::int64_t cases() const { return cases_; }
  // The early verdict; `decided`.
  Verdict verdict() const;
  // Where the whole set was needed: the gate for the ordinary verdict, with what is left of alpha.
  GateSpec final_gate() const;

 private:
  // A failed call counts as the worst score against a pass, and not at all towards a regression.
  struct Step {
    std::optional<double> for_pass, for_regression;  // oriented
  };
  struct Follower {
    std::size_t rule;
    MeasureColumn before, after;
    double sign, range, worst, margin;
    stats::EProcess pass, regression;
    double log_e_pass = 0, log_e_regression = 0;  // the largest so far
    double sum = 0;
    std::int64_t n = 0;
  };
  SequentialVerdict(GateSpec gate, std::int64_t cases) : gate_(std::move(gate)), cases_(cases) {}
  Step step_of(const Follower& follower, const CaseRow* baseline, const CaseRow& candidate) const;
  void take(const std::vector<Step>& steps);
  double early_alpha() const { return gate_.alpha / 5; }

  GateSpec gate_;
  std::int64_t cases_, next_ = 0;
  std::vector<Follower> followers_;
  bool can_pass_ = true;  // every primary rule is followed
  std::map<std::int64_t, std::vector<Step>> waiting_;
  std::map<std::string, int> groups_;
  bool grouped_ = false;
  std::optional<Outcome> outcome_;
};

}  // namespace llmops
