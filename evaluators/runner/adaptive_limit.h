#pragma once
// How many calls may be under way at once, found by trying: grows on clean rounds, is cut on "too
// many requests". The rule is that of Inspect's adaptive concurrency (see design notes in
// evaluators/README.md); time is handed in.

#include <chrono>
#include <optional>

#include "evaluators/timeline.h"

namespace llmops {

struct ConcurrencyBounds {
  int start = 32;
  int low = 1;
  int high = 32;
};

class AdaptiveLimit {
 public:
  explicit AdaptiveLimit(ConcurrencyBounds bounds) : bounds_(bounds), limit_(bounds.start) {}

  int limit() const { return limit_; }

  // A call was sent and `in_flight` are under way now.
  void on_sent(int in_flight);
  // An answer at the first attempt. A round is max(limit, 4) of them. A round grows the limit where
  // its peak reached 80 % of it: doubled before the first cut ever, later by 5 % up to the next
  // multiple of 5 (by one below 20).
  void on_success(Clock::time_point now);
  // 429: times 0.8, once in a cool-down of 15 s or what the server asked for. Answers in that time
  // count for nothing.
  void on_too_many(Clock::time_point now, std::optional<std::chrono::nanoseconds> retry_after);
  // A fault of the server: no growth in this round, no cut.
  void on_fault() { round_is_clean_ = false; }

  int cuts() const { return cuts_; }

 private:
  void new_round();

  ConcurrencyBounds bounds_;
  int limit_;
  int successes_ = 0;
  int peak_ = 0;
  int cuts_ = 0;
  bool round_is_clean_ = true;
  Clock::time_point cooling_until_{};
};

}  // namespace llmops
