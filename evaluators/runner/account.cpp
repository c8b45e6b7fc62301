#include "evaluators/runner/account.h"

#include <fmt/format.h>

#include <algorithm>

#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

struct Accounts {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Account>> by_name;
};

std::shared_ptr<void>& accounts_of(EventLoop& loop) {
  std::shared_ptr<void>& shared = loop.shared("accounts");
  if (!shared) shared = std::make_shared<Accounts>();
  return shared;
}

}  // namespace

std::chrono::nanoseconds Account::wait(double tokens, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  return std::max<std::chrono::nanoseconds>({std::chrono::nanoseconds(0), paused_until_ - now,
                                             requests_.wait(1, now), tokens_.wait(tokens, now)});
}

void Account::take(double tokens, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  requests_.take(1, now);
  tokens_.take(tokens, now);
}

void Account::correct_tokens(double more) {
  const std::lock_guard lock(mutex_);
  tokens_.correct(more);
}

void Account::pause_until(Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  paused_until_ = std::max(paused_until_, when);
}

bool Account::paused_ever() const {
  const std::lock_guard lock(mutex_);
  return paused_until_ != Clock::time_point{};
}

std::shared_ptr<Account> account_of(const ModelSpec& model, EventLoop& loop) {
  if (model.account.empty()) return std::make_shared<Account>(model.limits);
  const auto all = std::static_pointer_cast<Accounts>(accounts_of(loop));
  const std::lock_guard lock(all->mutex);
  std::shared_ptr<Account>& account = all->by_name[fmt::format(
      "{}|{}|{}", model.account, model.limits.requests_per_minute, model.limits.tokens_per_minute)];
  if (!account) account = std::make_shared<Account>(model.limits);
  return account;
}

void share_accounts(EventLoop& loop, EventLoop& other) {
  other.shared("accounts") = accounts_of(loop);
}

}  // namespace llmops
