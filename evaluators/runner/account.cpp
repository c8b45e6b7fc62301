#include "evaluators/runner/account.h"

#include <algorithm>
#include <map>

namespace llmops {
namespace {

using std::chrono::nanoseconds;

// 0 is no limit.
bool tighter(std::int64_t a, std::int64_t b) { return a > 0 && (b == 0 || a < b); }

}  // namespace

void Account::tighten(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  if (tighter(limits.requests_per_minute, limits_.requests_per_minute)) {
    limits_.requests_per_minute = limits.requests_per_minute;
    requests_ = TokenBucket(limits.requests_per_minute);
  }
  if (tighter(limits.tokens_per_minute, limits_.tokens_per_minute)) {
    limits_.tokens_per_minute = limits.tokens_per_minute;
    tokens_ = TokenBucket(limits.tokens_per_minute);
  }
}

bool Account::limited() const {
  const std::lock_guard lock(mutex_);
  return limits_.requests_per_minute > 0 || limits_.tokens_per_minute > 0;
}

nanoseconds Account::wait(double tokens, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  return std::max({paused_until_ - now, requests_.wait(1, now), tokens_.wait(tokens, now)});
}

void Account::take(double tokens, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  requests_.take(1, now);
  tokens_.take(tokens, now);
}

void Account::correct(double more_tokens) {
  const std::lock_guard lock(mutex_);
  tokens_.correct(more_tokens);
}

void Account::pause_until(Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  paused_until_ = std::max(paused_until_, when);
}

std::shared_ptr<Account> account_of(const ModelSpec& model) {
  // The one thing of a process that is global by its nature: the provider sees one account, too.
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<Account>> known;
  std::shared_ptr<Account> account;
  if (!model.account.empty()) {
    const std::lock_guard lock(mutex);
    std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<Account>& entry = known[model.account];
    account = entry.lock();
    if (!account) entry = account = std::make_shared<Account>();
  } else {
    account = std::make_shared<Account>();
  }
  account->tighten(model.limits);
  return account;
}

}  // namespace llmops
