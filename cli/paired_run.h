#pragma once
// Two prompts asked side by side: the same cases, one after another, each case's two requests in
// random order, through one engine. What drifts while the run lasts (a server that slows down, a
// provider under load) meets both alike.

#include "cli/evaluation.h"

namespace llmops {

struct PairedRuns {
  RunHeader before, after;  // stored, complete where every sample was asked for
};

// Never reads the response cache: what was asked at another time would not be paired. Cells differ
// in their prompts and share the model. `side_models` (their judges) may be nullptr. `of_before`:
// the suite's evaluators a second time, so that each run is judged on its own account. Throws
// std::runtime_error where the store fails.
PairedRuns run_pairs(const Suite& suite, const std::vector<Evaluator>& of_before,
                     const Dataset& dataset, const Cell& before, const Cell& after, Store& store,
                     EventLoop& loop, SideModels* side_models, const FanOutOptions& given,
                     Console& console);

}  // namespace llmops
