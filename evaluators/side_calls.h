#pragma once
// Metrics that ask a model themselves (a judge, an embeddings endpoint): what a run tells them, and
// what they tell a run.

#include <atomic>
#include <cstdint>

namespace llmops {

// What the run that scores has decided about calls.
struct SideContext {
  const std::atomic<int>* interrupts = nullptr;  // 1: ask no more; 2: drop what is under way
  bool read_cache = true, write_cache = true;
};

// Calls that scoring made, beside those of the model under test.
struct SideCounts {
  std::int64_t made = 0;     // attempts sent
  std::int64_t failed = 0;   // calls without an answer
  std::int64_t retried = 0;  // attempts beyond a call's first
  std::int64_t cached = 0;   // texts whose answer was there already
  std::int64_t input_tokens = 0, output_tokens = 0;
  double cost_usd = 0;  // where a price is known
};

inline SideCounts& operator+=(SideCounts& sum, const SideCounts& more) {
  sum.made += more.made;
  sum.failed += more.failed;
  sum.retried += more.retried;
  sum.cached += more.cached;
  sum.input_tokens += more.input_tokens;
  sum.output_tokens += more.output_tokens;
  sum.cost_usd += more.cost_usd;
  return sum;
}

}  // namespace llmops
