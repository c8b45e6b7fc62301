#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "evaluators/providers/provider.h"
#include "evaluators/runner/rate_limit.h"

namespace llmops {

class EventLoop;

// What all models of one account share: the model under test, the judge, the fallbacks; they may
// live on loops of different threads.
class Account {
 public:
  explicit Account(const Limits& limits)
      : requests_(limits.requests_per_minute), tokens_(limits.tokens_per_minute) {}

  // How long until a call of so many tokens may be sent; 0: now.
  std::chrono::nanoseconds wait(double tokens, Clock::time_point now);
  void take(double tokens, Clock::time_point now);
  // A call used more tokens than was thought, or fewer.
  void correct_tokens(double more);
  // Nothing is sent before: the server said so.
  void pause_until(Clock::time_point when);
  bool paused_ever() const;

 private:
  mutable std::mutex mutex_;
  TokenBucket requests_, tokens_;
  Clock::time_point paused_until_{};
};

// The account of a model on this loop; models with the same account and the same rates share it.
std::shared_ptr<Account> account_of(const ModelSpec& model, EventLoop& loop);

// Models of `other` share the accounts of `loop` from now on. Before any model was made there.
void share_accounts(EventLoop& loop, EventLoop& other);

}  // namespace llmops
