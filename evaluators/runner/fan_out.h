#pragma once
// Asks a model many things at once, within its limits, and hands over each sample once.

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "evaluators/providers/provider.h"
#include "evaluators/runner/budget.h"

namespace llmops {

struct FanOutCounts {
  std::int64_t made = 0;     // attempts sent
  std::int64_t failed = 0;   // samples without an answer
  std::int64_t retried = 0;  // attempts beyond the first
  std::int64_t cached = 0;
  std::int64_t hedged = 0;     // attempts sent because another was late
  std::int64_t fallbacks = 0;  // calls that another model of the chain took over
  std::int64_t done = 0;       // samples handed over
  std::int64_t in_flight = 0;  // calls asked and not handed over
  std::int64_t output_tokens = 0, input_tokens = 0;
  double cost_usd = 0;
  std::map<ErrorClass, std::int64_t> faults;  // attempts that failed, those that a retry mended too
  std::optional<std::string>
      stopped;  // why the run ended before all was asked: "interrupted", "max-cost reached", ...
  std::optional<ErrorClass> fatal;  // auth, quota: every further call would have failed like this
};

// Told of a call that has ended: traces.
using OnCall = std::function<void(const ModelSpec&, const Request&, const Sample&)>;

struct FanOutOptions {
  std::optional<double> max_cost_usd;      // checked before each call, what is in flight counted in
  std::optional<std::int64_t> max_tokens;  // the same
  Budget* budget = nullptr;                // shared with other runs and judges, instead of the two
  std::optional<std::chrono::nanoseconds>
      max_time;  // then nothing is asked any more and what is in flight is dropped
  // Asked every `tick`: why nothing more should be asked (a judge that cannot go on); may be empty.
  std::function<std::optional<std::string>()> stop_because;
  std::uint64_t seed = 1;  // of the backoff's jitter
  const std::atomic<int>* interrupts =
      nullptr;  // 1: ask no more, finish what is in flight; 2: drop it
  // After the first interrupt what is in flight has this long to end, then it is dropped.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
  // An answer that is there already (a cache, an earlier run): handed over without a call.
  std::function<std::optional<Sample>(const Request&)> known;
  // Called every `tick` on the loop's thread, for progress.
  std::function<void(const FanOutCounts&)> on_tick;
  std::chrono::nanoseconds tick = std::chrono::milliseconds(100);
};

// A budget of the two limits in `budget`, where there are limits and no budget yet: for several
// that spend one.
void share_budget(FanOutOptions& options, std::optional<Budget>& budget);

// `next` gives the next request or nullptr at the end; it is called only when there is room.
// `on_sample` gets each finished sample (failed ones too) on the loop's thread, in order of
// completion. Calls that were dropped because the run ended early (interrupt, time, budget) are not
// handed over: they were never answered, and a resumed run asks them. An exception of `next` or
// `on_sample` ends the run and comes out of here.
FanOutCounts fan_out(const std::function<std::shared_ptr<const Request>()>& next, Model& model,
                     EventLoop& loop, const FanOutOptions& options,
                     const std::function<void(const Request&, Sample)>& on_sample);

}  // namespace llmops
