#pragma once
#include <memory>
#include <mutex>

#include "evaluators/providers/provider.h"
#include "evaluators/runner/rate_limit.h"

namespace llmops {

// What all models of one account share: the model under test, the judge, the fallbacks. From any
// thread: a provider counts an account's calls whichever loop of ours sends them.
class Account {
 public:
  // The tightest of the rates that its models name holds for all of them.
  void tighten(const Limits& limits);
  bool limited() const;  // some rate holds

  // How long until a call of so many tokens may be sent; 0: now.
  std::chrono::nanoseconds wait(double tokens, Clock::time_point now);
  void take(double tokens, Clock::time_point now);
  // A take turned out larger (positive) or smaller than thought.
  void correct(double more_tokens);
  // Nothing is sent before: the server said so.
  void pause_until(Clock::time_point when);

 private:
  mutable std::mutex mutex_;  // of what follows
  Limits limits_;
  TokenBucket requests_{0}, tokens_{0};
  Clock::time_point paused_until_{};
};

// The account of a model; models that name the same one (address and key) share it, in all of the
// process. It is there as long as somebody uses it.
std::shared_ptr<Account> account_of(const ModelSpec& model);

}  // namespace llmops
