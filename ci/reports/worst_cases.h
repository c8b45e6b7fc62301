#pragma once
// The cases that a reader should look at first.

#include <string>
#include <vector>

#include "ci/reports/report.h"

namespace llmops {

struct CaseChange {
  struct Score {
    std::string measure;
    const Measure* facts = nullptr;
    std::optional<double> baseline, candidate;
  };
  std::string id;
  std::vector<Score> scores;  // those that moved the case up here come first
  int failed = 0;             // samples without an answer
};

struct WorstCases {
  std::string title;  // "Cases that lost most", "Lowest scores", ...
  std::vector<CaseChange> cases;
};

// With a comparison: the largest losses of the metrics that failed, then of the others. Without
// one: failed calls, then the lowest scores of the first evaluator. Reads the rows once or twice.
WorstCases worst_cases(const ReportInput& input, std::size_t most);

// Two passages of a case's outputs, begun at the first line in which they differ; at most `lines`
// lines and `bytes` bytes each. A failed call gives its error in brackets.
struct OutputExcerpt {
  std::vector<std::string> baseline, candidate;  // untrusted text
  std::vector<std::string> reference;            // where the baseline's text is not stored
};
OutputExcerpt excerpt(const ReportInput& input, const std::string& case_id, std::size_t lines,
                      std::size_t bytes);

// The text of a case's first sample, or "(error class: message)" for a failed call; absent where it
// is not stored.
std::optional<std::string> output_text(const OutputSource* outputs, const std::string& case_id);

}  // namespace llmops
