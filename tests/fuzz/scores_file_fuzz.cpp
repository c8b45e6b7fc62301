// Any bytes as a file of scores: problems, or a run whose gate decides.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ci/gate/verdict.h"
#include "ci/scores_file.h"
#include "tests/fuzz/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  Measure pass, judge;
  pass.name = "pass";
  pass.kind = ScoreKind::binary;
  judge.name = "judge";
  judge.range = {1, 5};
  const InputFile file(data, size);
  const auto scores = open_scores_file(file.path(), {pass, judge});
  static_cast<void>(render(scores.problems()));
  if (!scores) {
    if (!has_errors(scores.problems())) std::abort();
    return 0;
  }
  GateSpec gate;
  gate.rules = {
      {.text = "a",
       .metric = "pass",
       .statistic = "mean",
       .kind = RuleKind::max_drop,
       .amount = 0.1                                                                 },
      {           .text = "b",  .metric = "judge", .statistic = "mean", .kind = RuleKind::min, .amount = 3},
      { .text = "c",
       .metric = "output_tokens",
       .statistic = "mean",
       .kind = RuleKind::max_increase,
       .amount = 0.1,
       .relative = true}
  };
  Comparison comparison = compare(**scores, **scores, gate);
  const Verdict verdict = decide(gate, **scores, {}, &comparison);
  if (verdict.headline.empty() || verdict.rules[0].outcome == Outcome::fail) std::abort();
  return 0;
}
