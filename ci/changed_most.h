#pragma once
// The cases of two runs whose answers moved most, for the better or the worse.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops {

struct ChangedCase {
  struct Score {
    std::string measure;
    const Measure* facts = nullptr;  // of the candidate's header
    std::optional<double> baseline, candidate;
  };
  std::string id;
  double change = 0;          // the largest move of a score, as a share of what is possible
  bool other_output = false;  // the texts differ
  std::vector<Score> scores;  // the evaluators', largest move first
  std::optional<double> baseline_tokens, candidate_tokens;  // output
};

// At most `most` cases of both runs, the largest change first: a bounded score by its range, others
// relative to the larger value; an answer that only one run has counts as 1. Of cases without a
// change of scores those with other texts come first, by their output tokens. Cases with the same
// text and scores are left out. One pass; both runs outlive the result.
std::vector<ChangedCase> changed_most(const RunSource& baseline, const RunSource& candidate,
                                      std::size_t most);

}  // namespace llmops
