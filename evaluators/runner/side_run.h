#pragma once
// Asks the judges of one run: from any thread, through one loop on a thread of its own, every
// answer in the store before it is used.

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "evaluators/asker.h"
#include "evaluators/runner/fan_out.h"
#include "evaluators/runner/side_models.h"

namespace llmops {

struct SideRunOptions {
  std::optional<std::chrono::seconds> ttl;  // answers of other runs up to this age; absent: none
  bool keep = true;                         // other runs may have this run's answers
  std::optional<double> max_cost_usd;
  std::optional<std::int64_t> max_tokens;
  Budget* budget = nullptr;  // of the whole run, instead of the two
  std::optional<Clock::time_point> deadline;
  const std::atomic<int>* interrupts = nullptr;  // as in FanOutOptions
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
  std::uint64_t seed = 1;
  // The run that each place of `SideModels::asking` belongs to; empty: all to the same.
  std::vector<std::string> run_ids = {};
  OnCall on_call = {};  // told of each answer that a model gave, on the loop's thread
};

class SideRun {
 public:
  // Of run `run_id` (or "", of no run) in the store of `folder`; an empty folder: nothing is
  // stored, nothing is taken from earlier answers. `models` outlives it and has one SideRun at a
  // time.
  SideRun(SideModels& models, const std::filesystem::path& folder, const std::string& run_id,
          SideRunOptions options);
  ~SideRun();
  SideRun(const SideRun&) = delete;
  SideRun& operator=(const SideRun&) = delete;

  // For the evaluator at this place of `SideModels::asking`.
  Asker& asker(std::size_t evaluator);
  // Why nothing is asked any more: "interrupted", "max-cost reached", a key that was refused. What
  // an evaluator scored since then lacks answers. From any thread.
  std::optional<std::string> stopped() const;
  // Questions that wait for their answer, and those that have it. From any thread.
  std::int64_t waiting() const;
  std::int64_t answered() const;
  // What all answers that were given cost when they were asked, cached ones too.
  double worth_usd() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace llmops
