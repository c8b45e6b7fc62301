#pragma once
// Which faults another attempt can mend, how long to wait for it, and which end the run.

#include <chrono>
#include <optional>

#include "datasets/random.h"
#include "evaluators/providers/provider.h"

namespace llmops {

struct FaultPolicy {
  bool retry = false;           // another attempt may do better
  bool server = false;          // the endpoint is ill: what the circuit breaker counts
  bool falls_back = false;      // another model may do better
  bool ends_run = false;        // every further call would fail the same way
  bool ends_first_run = false;  // the same, where nothing was ever answered
  bool unused = false;          // no token was read or written: refused, or never reached
};

FaultPolicy policy_of(ErrorClass fault);

// What to do about a fault that ends a run: one sentence. `key_variable`: as api_key_env names it,
// may be empty.
std::string cure_of(const CallError& fault, const std::string& key_variable);

// The wait before further attempt `attempt` (1-based): uniform in [0, min(cap, base *
// 2^(attempt-1))] ("full jitter", Brooker 2015), never below what the server asked for. A server
// that asks for more than ten minutes gets ten.
std::chrono::nanoseconds backoff(const RetryPolicy& policy, int attempt,
                                 std::optional<std::chrono::nanoseconds> retry_after,
                                 Random& random);

}  // namespace llmops
