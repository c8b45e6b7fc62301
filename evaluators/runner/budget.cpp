#include "evaluators/runner/budget.h"

#include <fmt/format.h>

namespace llmops {

Spend Budget::Spender::each() const {
  if (answered == 0) return guess;
  const auto count = static_cast<double>(answered);
  return {answers.cost_usd / count, answers.tokens / count};
}

std::size_t Budget::join() {
  const std::lock_guard lock(mutex_);
  spenders_.emplace_back();
  return spenders_.size() - 1;
}

Budget::Room Budget::take(std::size_t spender, const Spend& guess) {
  const std::lock_guard lock(mutex_);
  Spender& own = spenders_.at(spender);
  if (own.answered == 0) own.guess = guess;
  Spend total = spent_;
  std::int64_t in_flight = 0;
  for (const Spender& each : spenders_) {
    const auto calls = static_cast<double>(each.in_flight + (&each == &own ? 1 : 0));
    total.cost_usd += calls * each.each().cost_usd;
    total.tokens += calls * each.each().tokens;
    in_flight += each.in_flight;
  }
  const auto most_tokens = static_cast<double>(max_tokens_.value_or(0));
  const bool too_dear = max_cost_usd_ && total.cost_usd > *max_cost_usd_;
  const bool too_many = max_tokens_ && total.tokens > most_tokens;
  if (!too_dear && !too_many) {
    ++own.in_flight;
    return Room::yes;
  }
  const bool used_up = too_dear ? spent_.cost_usd >= *max_cost_usd_ : spent_.tokens >= most_tokens;
  if (in_flight > 0 && !used_up) return Room::later;
  why_ = too_dear
             ? fmt::format("max-cost reached: {:.4f} of {:.4f} USD spent", spent_.cost_usd,
                           *max_cost_usd_)
             : fmt::format("max-tokens reached: {:.0f} of {} spent", spent_.tokens, *max_tokens_);
  if (!used_up)
    why_ += too_dear ? fmt::format(", the next call may come to {:.4f}", own.each().cost_usd)
                     : fmt::format(", the next call may come to {:.0f}", own.each().tokens);
  return Room::no;
}

void Budget::settle(std::size_t spender, const Spend& actual, bool answered) {
  const std::lock_guard lock(mutex_);
  Spender& own = spenders_.at(spender);
  --own.in_flight;
  spent_.cost_usd += actual.cost_usd;
  spent_.tokens += actual.tokens;
  if (!answered) return;
  ++own.answered;
  own.answers.cost_usd += actual.cost_usd;
  own.answers.tokens += actual.tokens;
}

std::string Budget::why() const {
  const std::lock_guard lock(mutex_);
  return why_;
}

Spend Budget::spent() const {
  const std::lock_guard lock(mutex_);
  return spent_;
}

}  // namespace llmops
