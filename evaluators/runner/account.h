#pragma once
#include <memory>

#include "evaluators/providers/provider.h"
#include "evaluators/runner/rate_limit.h"

namespace llmops {

class EventLoop;

// What all models of one account share: the model under test, the judge, the fallbacks.
struct Account {
  explicit Account(const Limits& limits)
      : requests(limits.requests_per_minute), tokens(limits.tokens_per_minute) {}
  TokenBucket requests, tokens;
  Clock::time_point paused_until{};  // nothing is sent before: the server said so
};

// The account of a model on this loop; models with the same account and the same rates share it.
std::shared_ptr<Account> account_of(const ModelSpec& model, EventLoop& loop);

}  // namespace llmops
