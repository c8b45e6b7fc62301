#pragma once
// How far the scoring of a run is once all answers are in: nothing else is to be waited for then.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/progress.h"
#include "evaluators/scoring.h"

namespace llmops {

// As long as this lives, the evaluators whose batches take long tell it where they are.
class ScoringProgress {
 public:
  ScoringProgress(Console& console, const std::vector<Evaluator>& evaluators);
  ~ScoringProgress();
  ScoringProgress(const ScoringProgress&) = delete;
  ScoringProgress& operator=(const ScoringProgress&) = delete;

  void start();              // from now on it is shown
  void stop();               // ends the line
  std::string line() const;  // what it says now; empty: nothing

 private:
  void report(const std::string& evaluator, std::size_t done, std::size_t total);

  Console& console_;
  const std::vector<Evaluator>& evaluators_;
  mutable std::mutex mutex_;  // of what follows
  bool shown_ = false;
  std::string evaluator_;  // of the batch that is shown
  std::size_t done_ = 0;
  std::unique_ptr<Progress> progress_;
};

}  // namespace llmops
