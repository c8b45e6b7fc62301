#pragma once
// Asks one model, within its limits, as often as it takes: concurrency, rates, retries with
// backoff. One Caller a model; fan_out, judges and benchmarks all go through it.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/random.h"
#include "evaluators/providers/provider.h"
#include "evaluators/runner/rate_limit.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

struct CallerCounts {
  std::int64_t made = 0;     // attempts sent
  std::int64_t retried = 0;  // attempts beyond a call's first
  std::int64_t faults[static_cast<std::size_t>(ErrorClass::other) + 1] =
      {};  // attempts that failed, by class
};

// What a call will probably use.
struct CallEstimate {
  double input_tokens = 0;   // four characters a token
  double output_tokens = 0;  // the mean of the last answers, before that `max_tokens`
};

class Caller {
 public:
  // Model and loop outlive it. At its end attempts under way are dropped and no `done` is called
  // any more.
  Caller(Model& model, EventLoop& loop, std::uint64_t seed);
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  using Done = std::function<void(Sample)>;
  // `done` is called once, perhaps before this returns, on the loop's thread.
  void ask(std::shared_ptr<const Request> request, Done done);

  // Whether one more call would be sent at once, or soon, rather than pile up.
  bool has_room() const;
  std::size_t outstanding() const { return outstanding_.size(); }

  CallEstimate estimate(const Request& request) const;

  // No further attempts: what waits for one ends with its last fault, what was never sent with
  // `cancelled`.
  void stop_retrying();
  // The same, and attempts under way are dropped.
  void cancel_all();

  const CallerCounts& counts() const { return counts_; }
  // What ended it all: auth, quota.
  const CallError& fatal() const { return fatal_; }

 private:
  struct Call;
  void pump();
  void send(Call& call);
  void on_answer(Call& call, Answer answer);
  void finish(Call& call, Sample sample);
  void wake_at(Clock::time_point when);

  Model& model_;
  EventLoop& loop_;
  Random random_;
  TokenBucket requests_, tokens_;
  std::vector<Call*> outstanding_;  // owned
  std::deque<Call*> ready_;         // wait for room
  std::size_t active_ = 0;          // attempts under way
  std::size_t backing_off_ = 0;
  Clock::time_point paused_until_{};
  std::optional<EventLoop::Timer> wake_;
  bool pumping_ = false, pump_again_ = false;
  bool stopping_ = false;
  double mean_output_tokens_ = 0;
  std::int64_t outputs_seen_ = 0;
  CallerCounts counts_;
  CallError fatal_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace llmops
