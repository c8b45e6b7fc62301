#pragma once
// Asks one model, within its limits, as often as it takes: concurrency, rates, retries with
// backoff, hedging, the fallback chain. One Caller a model; fan_out, judges and benchmarks all go
// through it.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "datasets/random.h"
#include "evaluators/providers/provider.h"
#include "evaluators/runner/account.h"
#include "evaluators/runner/adaptive_limit.h"
#include "evaluators/runner/circuit_breaker.h"
#include "evaluators/runner/retry.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

struct CallerCounts {
  std::int64_t made = 0;     // attempts sent, hedges and fallbacks too
  std::int64_t retried = 0;  // attempts beyond a call's first, at any model of the chain
  std::int64_t hedged = 0;
  std::int64_t fallbacks = 0;  // calls that another model took over
  std::int64_t faults[static_cast<std::size_t>(ErrorClass::other) + 1] = {};  // by class
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
  // The same for up to `count` samples, from the request's own on, with one call. `done` gets one,
  // and the others that came; with an error it is the call's, and the others are empty. Attempts
  // and faults of the call are those of the first sample, the others have none.
  using DoneAll = std::function<void(Sample, std::vector<Sample> more)>;
  void ask_several(std::shared_ptr<const Request> request, int count, DoneAll done);

  // Whether one more call would be sent at once, or soon, rather than pile up.
  bool has_room() const;
  std::size_t outstanding() const { return calls_.size(); }
  int limit() const { return limit_.limit(); }  // of calls at once, as it was found to be

  CallEstimate estimate(const Request& request) const;

  // No further attempts: what waits for one ends with its last fault, what was never sent with
  // `cancelled`.
  void stop_retrying();
  // The same, and attempts under way are dropped.
  void cancel_all();

  CallerCounts counts() const;
  // What ended it all: the key, the quota, no such model, an endpoint that is down. Calls that wait
  // then end with their last fault.
  const CallError& fatal() const { return fatal_; }

 private:
  struct Call {
    std::shared_ptr<const Request> request;
    DoneAll done;
    int count = 1;  // samples that are wanted
    int attempts = 0;
    bool falling_back = false;         // another model of the chain has it
    int under_way = 0;                 // 2 with a hedge
    std::uint64_t attempt_id[2] = {};  // the provider's numbers
    double tokens_taken = 0;
    double cost_usd = 0;  // attempts that failed and were counted all the same
    bool has_cost = false;
    std::optional<EventLoop::Timer> timer;  // backoff, or until the hedge
    Clock::time_point sent_at{};
    Sample last;  // of the last failed attempt
    std::vector<ErrorClass> faults;
  };

  void pump();
  std::chrono::nanoseconds wait_for(const Call& call, double& tokens) const;
  void send(std::uint64_t id, Call& call, bool hedge);
  void on_answer(std::uint64_t id, Answer answer);
  void count(Call& call, const Answer& answer);
  void settle_tokens(Call& call, const Answer& answer);
  void plan_hedge(std::uint64_t id, Call& call);
  void fall_back(std::uint64_t id, Call& call, Sample sample);
  void finish(std::uint64_t id, Sample sample, std::vector<Sample> more = {});
  void end_all(CallError why);
  std::vector<std::uint64_t> idle_calls() const;
  void wake_at(Clock::time_point when);

  Model& model_;
  EventLoop& loop_;
  Random random_;
  std::shared_ptr<Account> account_;
  AdaptiveLimit limit_;
  CircuitBreaker breaker_;
  std::vector<std::unique_ptr<Caller>> fallback_;
  std::unordered_map<std::uint64_t, Call> calls_;
  std::uint64_t next_id_ = 1;
  std::deque<std::uint64_t> ready_;  // wait for room
  std::size_t active_ = 0;           // attempts under way
  std::optional<EventLoop::Timer> wake_;
  bool pumping_ = false, pump_again_ = false;
  bool stopping_ = false;
  std::int64_t answered_ = 0;
  double mean_output_tokens_ = 0;
  std::int64_t outputs_seen_ = 0;
  std::vector<double> latencies_ms_;  // of the last answers, for hedging
  CallerCounts counts_;
  CallError fatal_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace llmops
