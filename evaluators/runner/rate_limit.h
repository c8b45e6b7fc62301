#pragma once
#include <chrono>
#include <cstdint>

#include "evaluators/timeline.h"

namespace llmops {

// So many a minute, spread evenly: one second's worth may come at once. A take may go into debt,
// which later takes wait for.
class TokenBucket {
 public:
  // 0 a minute: no limit.
  explicit TokenBucket(std::int64_t per_minute);

  // How long until `amount` may be taken; 0: now.
  std::chrono::nanoseconds wait(double amount, Clock::time_point now);
  void take(double amount, Clock::time_point now);
  // The take turned out larger (positive) or smaller than thought.
  void correct(double more);

 private:
  void refill(Clock::time_point now);
  double per_ns_ = 0;
  double capacity_ = 0;
  double level_ = 0;
  Clock::time_point last_{};
  bool started_ = false;
};

}  // namespace llmops
