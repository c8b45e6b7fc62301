#pragma once
// Asks a model many things at once, within its limits, and hands over each sample once.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "evaluators/providers/provider.h"

namespace llmops {

struct FanOutOptions {
  std::optional<double> max_cost_usd;
  std::optional<std::int64_t> max_tokens;
  std::optional<std::chrono::nanoseconds> max_time;
  std::uint64_t seed = 1;                       // of the backoff's jitter
  const std::atomic<int>* interrupts = nullptr; // 1: ask no more, finish what is in flight; 2: drop it
};

struct FanOutCounts {
  std::int64_t made = 0;      // attempts sent
  std::int64_t failed = 0;    // samples without an answer
  std::int64_t retried = 0;   // attempts beyond the first
  std::int64_t cached = 0;
  double cost_usd = 0;
  std::optional<std::string> stopped;  // why the run ended before all was asked: "interrupted", "max-cost reached", ...
};

// `next` gives the next request or nullptr at the end; it is called only when there is room. `on_sample` gets each
// finished sample (failed ones too) on the loop's thread, in order of completion.
FanOutCounts fan_out(const std::function<std::shared_ptr<const Request>()>& next, Model& model, EventLoop& loop,
                     const FanOutOptions& options, const std::function<void(const Request&, Sample)>& on_sample);

}  // namespace llmops
