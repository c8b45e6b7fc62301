#include "evaluators/runner/fan_out.h"

#include <utility>

#include "evaluators/runner/caller.h"
#include "evaluators/runner/retry.h"

namespace llmops {
namespace {

constexpr int kMostAtOnce = 64;
// How often to look whether other spenders of a budget have left room.
constexpr std::chrono::nanoseconds kOthersSpend = std::chrono::milliseconds(50);

class FanOut {
 public:
  FanOut(const std::function<std::shared_ptr<const Request>()>& next, Model& model, EventLoop& loop,
         const FanOutOptions& options, const std::function<void(const Request&, Sample)>& on_sample)
      : next_(next),
        model_(model),
        loop_(loop),
        options_(options),
        on_sample_(on_sample),
        caller_(model, loop, options.seed) {
    if (options.budget != nullptr) {
      budget_ = options.budget;
    } else if (options.max_cost_usd || options.max_tokens) {
      own_budget_.emplace(options.max_cost_usd, options.max_tokens);
      budget_ = &*own_budget_;
    }
    if (budget_ != nullptr) spender_ = budget_->join();
  }

  ~FanOut() {
    if (tick_) loop_.cancel(*tick_);
    if (deadline_) loop_.cancel(*deadline_);
  }

  FanOutCounts run() {
    if (options_.max_time)
      deadline_ = loop_.after(*options_.max_time, [this] {
        deadline_.reset();
        stop("max-time reached");
        caller_.cancel_all();
      });
    if (options_.interrupts != nullptr || options_.on_tick || options_.stop_because) tick();
    for (;;) {
      const bool more = feed();
      if (asked_all_ && in_flight_ == 0) return counts();
      loop_.turn(more                ? std::chrono::nanoseconds(0)
                 : waits_for_others_ ? kOthersSpend
                                     : std::chrono::hours(1));
    }
  }

 private:
  void stop(std::string why) {
    asked_all_ = true;
    if (!counts_.stopped) counts_.stopped = std::move(why);
  }

  // Looks at what a signal handler or another thread has set.
  void tick() {
    const int interrupts = options_.interrupts == nullptr ? 0 : options_.interrupts->load();
    if (interrupts >= 1) {
      if (!asked_all_) stop("interrupted");
      caller_.stop_retrying();
      if (!in_grace_) begin_grace();
    }
    if (interrupts >= 2) caller_.cancel_all();
    if (options_.stop_because && !asked_all_)
      if (std::optional<std::string> why = options_.stop_because()) stop(*std::move(why));
    if (options_.on_tick) options_.on_tick(counts());
    tick_ = loop_.after(options_.tick, [this] { tick(); });
  }

  void begin_grace() {
    in_grace_ = true;
    const Clock::time_point end = Clock::now() + options_.grace;
    if (deadline_ && deadline_->first <= end) return;  // the run's own deadline is nearer
    if (deadline_) loop_.cancel(*deadline_);
    deadline_ = loop_.at(end, [this] {
      deadline_.reset();
      caller_.cancel_all();
    });
  }

  const FanOutCounts& counts() {
    const CallerCounts calls = caller_.counts();
    counts_.made = calls.made;
    counts_.retried = calls.retried;
    counts_.hedged = calls.hedged;
    counts_.fallbacks = calls.fallbacks;
    counts_.in_flight = in_flight_;
    for (std::size_t i = 1; i < std::size(calls.faults); ++i)
      if (calls.faults[i] > 0) counts_.faults[static_cast<ErrorClass>(i)] = calls.faults[i];
    return counts_;
  }

  // True where there is room for more. A provider that answers at once (replay) would otherwise
  // keep the loop from ever looking at timers and interrupts.
  bool feed() {
    for (int i = 0; i < kMostAtOnce; ++i) {
      if (asked_all_ || !caller_.has_room()) return false;
      std::shared_ptr<const Request> request = std::exchange(held_, nullptr);
      if (!request) {
        request = next_();
        if (!request) {
          asked_all_ = true;
          return false;
        }
        if (options_.known)
          if (std::optional<Sample> known = options_.known(*request)) {
            ++counts_.cached;
            hand_over(*request, *std::move(known));
            continue;
          }
      }
      if (!affordable(*request)) {
        held_ = std::move(request);
        return false;
      }
      ++in_flight_;
      const Request* asked = request.get();
      caller_.ask(std::move(request),
                  [this, asked](Sample sample) { on_done(*asked, std::move(sample)); });
    }
    return true;
  }

  bool affordable(const Request& request) {
    waits_for_others_ = false;
    if (budget_ == nullptr) return true;
    const Budget::Room room = budget_->take(spender_, guess(request));
    if (room == Budget::Room::no) stop(budget_->why());
    waits_for_others_ = room == Budget::Room::later && in_flight_ == 0;
    return room == Budget::Room::yes;
  }

  // Before the first answer: the longest answer that the request allows, at the model's price.
  Spend guess(const Request& request) const {
    if (answered_ > 0) return {};
    const CallEstimate estimate = caller_.estimate(request);
    Spend spend{.cost_usd = 0, .tokens = estimate.input_tokens + estimate.output_tokens};
    if (model_.spec.price)
      spend.cost_usd = (estimate.input_tokens * model_.spec.price->input +
                        estimate.output_tokens * model_.spec.price->output) /
                       1e6;
    return spend;
  }

  void on_done(const Request& request, Sample sample) {
    --in_flight_;
    if (budget_ != nullptr)
      budget_->settle(spender_,
                      {.cost_usd = sample.cost_usd.value_or(0),
                       .tokens = static_cast<double>(sample.usage.input.value_or(0) +
                                                     sample.usage.output.value_or(0))},
                      !sample.error);
    if (caller_.fatal() && model_.fallback.empty() && !counts_.fatal) {
      counts_.fatal = caller_.fatal().kind;
      stop(cure_of(caller_.fatal(), model_.spec.key_variable));
    }
    if (sample.error.kind == ErrorClass::cancelled) return;
    hand_over(request, std::move(sample));
  }

  void hand_over(const Request& request, Sample sample) {
    ++counts_.done;
    if (sample.error) ++counts_.failed;
    if (!sample.cached) {
      if (!sample.error) ++answered_;
      counts_.cost_usd += sample.cost_usd.value_or(0);
      counts_.input_tokens += sample.usage.input.value_or(0);
      counts_.output_tokens += sample.usage.output.value_or(0);
    }
    on_sample_(request, std::move(sample));
  }

  const std::function<std::shared_ptr<const Request>()>& next_;
  Model& model_;
  EventLoop& loop_;
  const FanOutOptions& options_;
  const std::function<void(const Request&, Sample)>& on_sample_;
  FanOutCounts counts_;
  std::int64_t in_flight_ = 0;
  std::int64_t answered_ = 0;
  std::optional<Budget> own_budget_;
  Budget* budget_ = nullptr;  // nullptr: none
  std::size_t spender_ = 0;
  std::shared_ptr<const Request> held_;  // until the budget has room
  bool waits_for_others_ = false;
  bool asked_all_ = false;
  bool in_grace_ = false;
  std::optional<EventLoop::Timer> tick_, deadline_;
  Caller caller_;  // last: goes first
};

}  // namespace

void share_budget(FanOutOptions& options, std::optional<Budget>& budget) {
  if (options.budget != nullptr || (!options.max_cost_usd && !options.max_tokens)) return;
  budget.emplace(options.max_cost_usd, options.max_tokens);
  options.budget = &*budget;
}

FanOutCounts fan_out(const std::function<std::shared_ptr<const Request>()>& next, Model& model,
                     EventLoop& loop, const FanOutOptions& options,
                     const std::function<void(const Request&, Sample)>& on_sample) {
  return FanOut(next, model, loop, options, on_sample).run();
}

}  // namespace llmops
