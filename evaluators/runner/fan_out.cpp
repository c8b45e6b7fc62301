#include "evaluators/runner/fan_out.h"

#include <deque>
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
      if (nothing_left() && in_flight_ == 0) return counts();
      loop_.turn(more                ? std::chrono::nanoseconds(0)
                 : waits_for_others_ ? kOthersSpend
                                     : std::chrono::hours(1));
    }
  }

 private:
  void stop(std::string why) {
    stopped_ = true;
    if (!counts_.stopped) counts_.stopped = std::move(why);
  }

  // Looks at what a signal handler or another thread has set.
  void tick() {
    const int interrupts = options_.interrupts == nullptr ? 0 : options_.interrupts->load();
    if (interrupts >= 1) {
      if (!nothing_left()) stop("interrupted");
      caller_.stop_retrying();
      if (!in_grace_) begin_grace();
    }
    if (interrupts >= 2) caller_.cancel_all();
    if (options_.stop_because && !nothing_left())
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

  // Nothing will be asked any more.
  bool nothing_left() const {
    return stopped_ || (read_all_ && group_.empty() && next_group_ == nullptr && again_.empty());
  }

  // True where there is room for more. A provider that answers at once (replay) would otherwise
  // keep the loop from ever looking at timers and interrupts.
  bool feed() {
    for (int i = 0; i < kMostAtOnce; ++i) {
      if (stopped_ || !caller_.has_room()) return false;
      const Gathered gathered = gather();
      if (gathered == Gathered::known) continue;
      if (gathered == Gathered::nothing) return false;
      if (!affordable(*group_.front(), group_.size())) return false;
      ++in_flight_;
      Group group = std::exchange(group_, {});
      std::shared_ptr<const Request> first = group.front();
      const int count = static_cast<int>(group.size());
      caller_.ask_several(
          std::move(first), count,
          [this, asked = std::move(group)](Sample sample, std::vector<Sample> more) {
            on_done(asked, std::move(sample), std::move(more));
          });
    }
    return true;
  }

  // Samples of one case that one call can bring: one after another.
  using Group = std::vector<std::shared_ptr<const Request>>;
  enum class Gathered {
    group,    // in `group_`
    known,    // a sample that was there already was handed over; there may be more
    nothing,  // all that may be asked at this moment is under way
  };

  Gathered gather() {
    const auto most = static_cast<std::size_t>(model_.spec.samples_per_call);
    while (group_.size() < most) {
      std::shared_ptr<const Request> request = std::exchange(next_group_, nullptr);
      if (request == nullptr && !again_.empty()) {
        request = std::move(again_.front());
        again_.pop_front();
      } else if (request == nullptr && !read_all_) {
        request = next_();
        read_all_ = request == nullptr;
        if (request != nullptr && options_.known)
          if (std::optional<Sample> known = options_.known(*request)) {
            ++counts_.cached;
            hand_over(*request, *std::move(known));
            return Gathered::known;
          }
      }
      if (request == nullptr) break;
      const bool fits = group_.empty() || (request->row == group_.front()->row &&
                                           request->prompt == group_.front()->prompt &&
                                           request->sample == group_.back()->sample + 1);
      if (!fits) {
        next_group_ = std::move(request);
        break;
      }
      group_.push_back(std::move(request));
    }
    return group_.empty() ? Gathered::nothing : Gathered::group;
  }

  bool affordable(const Request& request, std::size_t samples) {
    waits_for_others_ = false;
    if (budget_ == nullptr) return true;
    const Budget::Room room = budget_->take(spender_, guess(request, samples));
    if (room == Budget::Room::no) stop(budget_->why());
    waits_for_others_ = room == Budget::Room::later && in_flight_ == 0;
    return room == Budget::Room::yes;
  }

  // Before the first answer: the longest answer that the request allows, at the model's price.
  Spend guess(const Request& request, std::size_t samples) const {
    if (answered_ > 0) return {};
    CallEstimate estimate = caller_.estimate(request);
    estimate.output_tokens *= static_cast<double>(samples);
    Spend spend{.cost_usd = 0, .tokens = estimate.input_tokens + estimate.output_tokens};
    if (model_.spec.price)
      spend.cost_usd = (estimate.input_tokens * model_.spec.price->input +
                        estimate.output_tokens * model_.spec.price->output) /
                       1e6;
    return spend;
  }

  void on_done(const Group& group, Sample sample, std::vector<Sample> more) {
    --in_flight_;
    if (budget_ != nullptr) {
      Spend spent = spend_of(sample);
      for (const Sample& each : more) {
        const Spend part = spend_of(each);
        spent.cost_usd += part.cost_usd;
        spent.tokens += part.tokens;
      }
      budget_->settle(spender_, spent, !sample.error);
    }
    if (caller_.fatal() && model_.fallback.empty() && !counts_.fatal) {
      counts_.fatal = caller_.fatal().kind;
      stop(cure_of(caller_.fatal(), model_.spec.key_variable));
    }
    if (sample.error.kind == ErrorClass::cancelled) return;
    for (std::size_t i = 1; i < group.size(); ++i) {
      const std::size_t place = i - 1;
      if (sample.error)
        hand_over(*group[i], without_answer(sample.error, sample.fallback));
      else if (place < more.size())
        hand_over(*group[i], std::move(more[place]));
      else
        again_.push_back(group[i]);  // the server gave fewer than it was asked for
    }
    hand_over(*group.front(), std::move(sample));
  }

  static Spend spend_of(const Sample& sample) {
    return {.cost_usd = sample.cost_usd.value_or(0),
            .tokens = static_cast<double>(sample.usage.input.value_or(0) +
                                          sample.usage.output.value_or(0))};
  }

  // Of a failed call that another sample stands for.
  static Sample without_answer(const CallError& error, int fallback) {
    Sample sample;
    sample.error = error;
    sample.fallback = fallback;
    sample.attempts = 0;
    return sample;
  }

  void hand_over(const Request& request, Sample sample) {
    sample.case_id = request.row ? request.row->id : "";
    sample.number = request.sample;
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
  Group group_;                                       // the next call, until there is room for it
  std::shared_ptr<const Request> next_group_;         // read, and the first of another call
  std::deque<std::shared_ptr<const Request>> again_;  // the server left them out
  bool waits_for_others_ = false;
  bool read_all_ = false, stopped_ = false;
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
