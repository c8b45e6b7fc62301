#pragma once
// Where more (or fewer) tokens come from, and with them the cost: the prompt's own text, what the
// cases put into it, answers, reasoning. The parts add up to the change.

#include <optional>
#include <string>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops {

struct CausePart {
  std::string name;  // "prompt text", "context", "tokeniser", "answers", "reasoning", "prices", ...
  double amount = 0;  // of the change, in the measure's unit
};

// A measure's mean a case in both runs.
struct Cause {
  std::string measure;  // input_tokens | output_tokens | cost_per_case
  std::string unit;
  double baseline = 0, candidate = 0;
  std::vector<CausePart> parts;  // add up to the change; the largest first
  std::string unknown;           // what could not be told apart, and why; empty: nothing
  double change() const { return candidate - baseline; }
};

// Over the cases that both runs have (`paired`), else over each run's own; one pass. A measure that
// a run lacks has no cause. Prompt text and context are told apart by the estimated sizes that the
// headers keep (`prompt.text_tokens`, `prompt.inserted_tokens`), scaled to the tokens that were
// counted; the cost by the headers' `model.price`.
std::vector<Cause> explain_tokens(const RunSource& baseline, const RunSource& candidate,
                                  bool paired);

}  // namespace llmops
