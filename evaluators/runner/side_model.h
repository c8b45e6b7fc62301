#pragma once
// A model that is asked from inside scoring, off the run's event loop: blocking, from any thread,
// with the limits, retries and accounts that every call has. It has an event loop of its own, which
// one of the threads that wait turns for all of them.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "evaluators/providers/provider.h"
#include "evaluators/runner/caller.h"
#include "evaluators/side_calls.h"
#include "evaluators/side_use.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

class SideModel {
 public:
  using Requests = std::span<const std::shared_ptr<const Request>>;

  // The model of a mapping as `model:` of a suite has it. With `protocol` the mapping names no
  // provider: that one is spoken. nullptr only where problems were noted.
  static std::unique_ptr<SideModel> make(const Value& model, const Source& source,
                                         const std::filesystem::path& folder, Diagnostics& problems,
                                         const ProviderInfo* protocol = nullptr);
  ~SideModel();
  SideModel(const SideModel&) = delete;
  SideModel& operator=(const SideModel&) = delete;

  const ModelSpec& spec() const { return model_->spec; }
  // Rates, prices: before the first call.
  Model& model() { return *model_; }
  void attach(const SideContext& context);

  // Blocks until each has an answer or has failed for good (`Sample::error`); in order.
  // Thread-safe.
  std::vector<Sample> ask(Requests requests);

  SideUse use() const;

 private:
  struct Batch;
  SideModel() = default;
  void turn_until(const Batch& batch);
  void feed();
  enum class Room { yes, later, no };
  Room room_for(const Request& request);
  void refuse_all(const std::string& why);
  void settle(const Sample& sample);
  void look_at_interrupts();
  void count(const Sample& sample);

  SideContext context_;
  std::size_t spender_ = 0;  // of the context's budget
  EventLoop loop_;
  std::unique_ptr<Model> model_;
  std::deque<std::pair<Batch*, std::size_t>> queue_;  // of the loop's thread: not yet asked
  mutable std::mutex mutex_;                          // of what follows
  std::condition_variable changed_;
  bool turning_ = false;  // a thread turns the loop
  SideUse use_;
  std::unique_ptr<Caller> caller_;  // last: goes first
};

}  // namespace llmops
