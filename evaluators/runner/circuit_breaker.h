#pragma once
// Stops knocking at an endpoint that is down. Time is handed in.

#include <chrono>
#include <cstdint>

#include "evaluators/providers/provider.h"

namespace llmops {

// Closed: calls pass. Open: nothing is sent until the wait is over. Half open: one call probes; its
// answer closes the circuit, its fault opens it for twice as long. When as many probes have failed
// as the retry policy allows retries, the endpoint counts as down.
class CircuitBreaker {
 public:
  enum class State { closed, open, half_open, down };

  explicit CircuitBreaker(const RetryPolicy& policy) : policy_(policy) {}

  // A fault of the server (FaultPolicy::server) in the call `call`, with no answer since. It opens
  // after ten of them, in five different calls.
  void on_fault(std::uint64_t call, Clock::time_point now);
  void on_success();
  // How long until a call may be sent; 0: now. nanoseconds::max() while the probe is under way.
  std::chrono::nanoseconds wait(Clock::time_point now) const;
  // A call is sent: behind an open circuit it is the probe.
  void on_sent(std::uint64_t call);
  // The probe ended in something that says nothing about the server's health (cancelled, ...).
  void on_no_verdict(std::uint64_t call);

  State state() const { return state_; }
  int times_opened() const { return opened_; }

 private:
  void open(Clock::time_point now);

  RetryPolicy policy_;
  State state_ = State::closed;
  int faults_ = 0;        // in a row
  int faulty_calls_ = 0;  // different calls among them
  std::uint64_t last_calls_[5] = {};
  std::uint64_t probe_ = 0;
  int failed_probes_ = 0;
  int opened_ = 0;
  Clock::time_point until_{};
};

}  // namespace llmops
