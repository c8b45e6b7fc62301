#include "evaluators/runner/account.h"

#include <fmt/format.h>

#include "evaluators/transport/event_loop.h"

namespace llmops {

std::shared_ptr<Account> account_of(const ModelSpec& model, EventLoop& loop) {
  if (model.account.empty()) return std::make_shared<Account>(model.limits);
  std::shared_ptr<void>& shared =
      loop.shared(fmt::format("account|{}|{}|{}", model.account, model.limits.requests_per_minute,
                              model.limits.tokens_per_minute));
  if (!shared) shared = std::make_shared<Account>(model.limits);
  return std::static_pointer_cast<Account>(shared);
}

}  // namespace llmops
