#include "evaluators/runner/adaptive_limit.h"

#include <algorithm>

namespace llmops {
namespace {

constexpr auto kCoolDown = std::chrono::seconds(15);

}  // namespace

void AdaptiveLimit::new_round() {
  successes_ = 0;
  peak_ = 0;
  round_is_clean_ = true;
}

void AdaptiveLimit::on_sent(int in_flight) { peak_ = std::max(peak_, in_flight); }

void AdaptiveLimit::on_success(Clock::time_point now) {
  if (now < cooling_until_) return;
  if (++successes_ < std::max(limit_, 4)) return;
  const bool used = 10 * peak_ >= 8 * limit_;
  if (round_is_clean_ && used) {
    int next = 2 * limit_;
    if (cuts_ > 0) {
      next = limit_ + std::max(1, limit_ / 20);
      if (limit_ >= 20) next = (next + 4) / 5 * 5;
    }
    limit_ = std::min(next, bounds_.high);
  }
  new_round();
}

void AdaptiveLimit::on_too_many(Clock::time_point now,
                                std::optional<std::chrono::nanoseconds> retry_after) {
  if (now < cooling_until_) return;
  ++cuts_;
  limit_ = std::max(bounds_.low, limit_ * 8 / 10);
  cooling_until_ = now + std::max<std::chrono::nanoseconds>(
                             kCoolDown, retry_after.value_or(std::chrono::nanoseconds(0)));
  new_round();
}

}  // namespace llmops
