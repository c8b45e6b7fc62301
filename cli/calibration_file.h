#pragma once
// What is known about a judge: written by `judge calibrate`, kept beside the suite, looked at by
// every run that the judge scores.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/suite.h"
#include "evaluators/judge/judge.h"

namespace llmops {

// A case whose verdict is kept to be asked for again.
struct Anchor {
  Case row;
  std::string output;
  double score = 0;
};

struct Calibration {
  std::string evaluator, signature;  // the judge's identity: model, prompt, parameters
  std::string created;               // RFC 3339
  Object figures;                    // ci/judge_calibration.h
  std::vector<Anchor> anchors;
};

// calibrations/NAME.json beside the suite.
std::filesystem::path calibration_path(const Suite& suite, const std::string& evaluator);
void write_calibration(const std::filesystem::path& file, const Calibration& calibration);
// The problem: it is not there, or cannot be read.
Result<Calibration> read_calibration(const std::filesystem::path& file);

// A sentence for each judge of the suite that was never calibrated, or not as it is now.
std::vector<std::string> calibration_warnings(const Suite& suite);

// Asks the connected judges about their anchors again, and says which answer otherwise than their
// own inconsistency explains. `draw`: another number for each run, so that no cache answers.
std::vector<std::string> drift_warnings(const Suite& suite, AskingContext context, int draw,
                                        const std::vector<std::pair<AsksModels*, Asker*>>& askers);

}  // namespace llmops
