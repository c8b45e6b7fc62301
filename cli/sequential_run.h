#pragma once
// `eval --sequential`: the cases in one drawn order, and a verdict that may come before the last of
// them.

#include <atomic>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "ci/sequential.h"
#include "cli/suite.h"
#include "evaluators/recorder.h"
#include "evaluators/reduce.h"

namespace llmops {

class SequentialRun {
 public:
  // Holds the cases and the baseline's rows in memory. Problems: no gate, no baseline, no rule that
  // can be followed case by case, a dataset whose cases form groups.
  static Result<std::unique_ptr<SequentialRun>> make(const Suite& suite, const Dataset& dataset,
                                                     const RunSource* baseline);

  // The cases in the drawn order.
  std::unique_ptr<CaseStream> cases() const;
  // A call that was scored; from the recorder's thread.
  void take(const CallRecord& call, const Scores& scores);
  // 1 once the verdict is certain, or once `request_stop` was called: ask no more.
  const std::atomic<int>& stop() const { return stop_; }
  void request_stop(int how) { stop_.store(std::max(stop_.load(), how)); }

  // After the recorder has finished.
  const SequentialVerdict& verdict() const { return verdict_; }

 private:
  SequentialRun(SequentialVerdict verdict, const Suite& suite)
      : verdict_(std::move(verdict)), suite_(suite), reducer_(measures_of(suite.evaluators)) {}

  SequentialVerdict verdict_;
  const Suite& suite_;
  CaseReducer reducer_;
  std::vector<std::shared_ptr<const Case>> cases_;           // in the drawn order
  std::unordered_map<std::string, std::int64_t> positions_;  // id -> place in that order
  std::unordered_map<std::string, CaseRow> baseline_;
  std::map<std::string, std::vector<Scores>> gathering_;  // cases whose samples are not all in
  std::map<std::string, int> failed_;
  std::atomic<int> stop_{0};
};

}  // namespace llmops
