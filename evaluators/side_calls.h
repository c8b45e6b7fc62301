#pragma once
// Metrics that ask a model themselves (a judge, an embeddings endpoint): what a run tells them, and
// what they tell a run.

#include <atomic>

namespace llmops {

class Budget;  // evaluators/runner/budget.h

// What the run that scores has decided about calls.
struct SideContext {
  const std::atomic<int>* interrupts = nullptr;  // 1: ask no more; 2: drop what is under way
  bool read_cache = true, write_cache = true;
  Budget* budget = nullptr;              // of the whole run; nullptr: none
  std::atomic<bool>* refused = nullptr;  // becomes true where the budget has no room for a call
};

}  // namespace llmops
