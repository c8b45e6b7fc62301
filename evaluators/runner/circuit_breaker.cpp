#include "evaluators/runner/circuit_breaker.h"

#include <algorithm>

namespace llmops {
namespace {

using std::chrono::nanoseconds;

// Chance alone must not open it: with a third of all attempts failing at random, ten in a row come
// once in 60,000.
constexpr int kFaultsToOpen = 10;
constexpr int kCallsToOpen = 5;

}  // namespace

void CircuitBreaker::open(Clock::time_point now) {
  state_ = State::open;
  ++opened_;
  nanoseconds wait = policy_.base;
  for (int i = 0; i < failed_probes_ && wait < policy_.cap; ++i) wait *= 2;
  until_ = now + std::min(wait, policy_.cap);
}

void CircuitBreaker::on_fault(std::uint64_t call, Clock::time_point now) {
  if (state_ == State::down || state_ == State::open) return;  // calls that were under way
  if (state_ == State::half_open) {
    if (call != probe_) return;
    if (++failed_probes_ > policy_.max) {
      state_ = State::down;
      return;
    }
    return open(now);
  }
  ++faults_;
  if (faulty_calls_ < kCallsToOpen &&
      std::find(last_calls_, last_calls_ + faulty_calls_, call) == last_calls_ + faulty_calls_)
    last_calls_[faulty_calls_++] = call;
  if (faults_ >= kFaultsToOpen && faulty_calls_ >= kCallsToOpen) open(now);
}

void CircuitBreaker::on_success() {
  if (state_ == State::down) return;
  state_ = State::closed;
  faults_ = faulty_calls_ = failed_probes_ = 0;
}

nanoseconds CircuitBreaker::wait(Clock::time_point now) const {
  switch (state_) {
    case State::closed:
      return nanoseconds(0);
    case State::open:
      return std::max<nanoseconds>(nanoseconds(0), until_ - now);
    case State::half_open:
    case State::down:
      break;
  }
  return nanoseconds::max();
}

void CircuitBreaker::on_sent(std::uint64_t call) {
  if (state_ != State::open) return;
  state_ = State::half_open;
  probe_ = call;
}

void CircuitBreaker::on_no_verdict(std::uint64_t call) {
  if (state_ == State::half_open && call == probe_)
    state_ = State::open;  // the next call probes at once
}

}  // namespace llmops
