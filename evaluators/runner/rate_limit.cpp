#include "evaluators/runner/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace llmops {

TokenBucket::TokenBucket(std::int64_t per_minute)
    : per_ns_(static_cast<double>(per_minute) / 60e9),
      capacity_(std::max(1.0, static_cast<double>(per_minute) / 60)) {}

void TokenBucket::refill(Clock::time_point now) {
  if (!started_) {
    started_ = true;
    level_ = 1;  // not full: the first minute must not hold more than any other
    last_ = now;
  }
  level_ = std::min(capacity_, level_ + per_ns_ * static_cast<double>((now - last_).count()));
  last_ = std::max(last_, now);
}

std::chrono::nanoseconds TokenBucket::wait(double amount, Clock::time_point now) {
  if (per_ns_ <= 0) return std::chrono::nanoseconds(0);
  refill(now);
  // A take beyond the capacity starts from a full bucket. The slack is for rounding: a timer set to
  // this very wait must find the bucket ready.
  const double missing = std::min(amount, capacity_) - level_;
  if (missing <= 1e-6) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(missing / per_ns_)));
}

void TokenBucket::take(double amount, Clock::time_point now) {
  if (per_ns_ <= 0) return;
  refill(now);
  level_ -= amount;
}

void TokenBucket::correct(double more) { level_ = std::min(capacity_, level_ - more); }

}  // namespace llmops
