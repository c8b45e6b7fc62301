#include "evaluators/load/driver.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>

namespace llmops {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }
float ms_between(const std::optional<Clock::time_point>& from,
                 const std::optional<Clock::time_point>& to) {
  if (!from || !to) return kNone;
  return std::chrono::duration<float, std::milli>(*to - *from).count();
}
float or_none(const std::optional<double>& value) {
  return value ? static_cast<float>(*value) : kNone;
}
std::int32_t or_unknown(const std::optional<std::int64_t>& value) {
  return value ? static_cast<std::int32_t>(std::min<std::int64_t>(*value, 1 << 30)) : -1;
}

double thread_cpu_s() {
  struct rusage usage {};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

class Driver {
 public:
  Driver(Model& model, Workload& workload, EventLoop& loop, const LoadOptions& options)
      : model_(model),
        workload_(workload),
        loop_(loop),
        options_(options),
        start_(Clock::now()),
        lag_before_(loop.lag()),
        cpu_before_(thread_cpu_s()) {
    if (options.arrivals) arrivals_.emplace(*options.arrivals, options.seed);
  }

  LoadResult run() {
    if (arrivals_)
      plan_arrival();
    else
      start_slots();
    plan_tick();
    loop_.run_until([&] { return ended(); });
    if (timer_) loop_.cancel(*timer_);
    loop_.cancel(tick_);
    finish();
    return std::move(result_);
  }

 private:
  enum class Phase { warming, measured, cooling };

  // What waits to be sent: a first turn is made when it is sent, a later one is there.
  struct Due {
    Clock::time_point at;
    std::optional<Work> work;
  };

  double now_s() const { return seconds(Clock::now() - start_); }

  bool interrupted() const { return options_.interrupts != nullptr && *options_.interrupts > 0; }

  // Nothing more is to be sent. Counts what was sent, since what was sent will be measured.
  bool closed() {
    if (closed_) return true;
    if (interrupted()) {
      result_.interrupted = true;
      closed_ = true;
    } else if (!cooling_from_ && warm_at_) {
      const double now = now_s();
      const bool enough = options_.requests > 0 && measured_sent_ >= options_.requests;
      const bool over = options_.duration_s > 0 && now >= *warm_at_ + options_.duration_s;
      if (enough || over) cooling_from_ = now;
    }
    if (cooling_from_)
      closed_ =
          closed_ || measured_in_flight_ == 0 || now_s() >= *cooling_from_ + options_.cool_down_s;
    return closed_;
  }
  bool ended() {
    if (!closed()) return exhausted_ && in_flight_ == 0 && waiting_.empty() && pausing_ == 0;
    return in_flight_ == 0;
  }

  void start_slots() {
    for (int slot = 0; slot < options_.concurrency; ++slot) {
      const double at = options_.stagger_s * slot / options_.concurrency;
      if (at <= 0)
        send({Clock::now(), std::nullopt});
      else
        pause(start_ + to_duration(at), std::nullopt);
    }
  }

  static Clock::duration to_duration(double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
  }

  // Sends at `when`, unless the run is over by then.
  void pause(Clock::time_point when, std::optional<Work> work) {
    ++pausing_;
    static_cast<void>(loop_.at(
        when, [this, alive = std::weak_ptr<bool>(alive_), when, work = std::move(work)]() mutable {
          if (alive.expired()) return;
          --pausing_;
          if (!closed()) send({arrivals_ ? when : Clock::now(), std::move(work)});
        }));
  }

  void plan_arrival() {
    const std::optional<double> offset = arrivals_->next();
    if (!offset) {
      exhausted_ = true;
      return;
    }
    const Clock::time_point due = start_ + to_duration(*offset);
    timer_ = loop_.at(due, [this, due] {
      if (closed()) return;
      if (options_.most_in_flight > 0 && in_flight_ >= options_.most_in_flight)
        waiting_.push_back({due, std::nullopt});
      else
        send({due, std::nullopt});
      plan_arrival();
    });
  }

  void send(Due due) {
    const double at = now_s();
    filled_ = filled_ || arrivals_.has_value() || in_flight_ + 1 >= options_.concurrency;
    if (!warm_at_ && warm(at)) warm_at_ = at;
    Work work = due.work ? std::move(*due.work) : workload_.next();
    const Phase phase = cooling_from_ ? Phase::cooling
                        : warm_at_    ? Phase::measured
                                      : Phase::warming;
    if (phase == Phase::measured) {
      ++measured_sent_;
      ++measured_in_flight_;
      result_.window_to_s = at;
    }
    ++sent_;
    ++in_flight_;
    result_.most_in_flight = std::max(result_.most_in_flight, in_flight_);
    second(at).sent += 1;
    if (phase == Phase::measured && !steady_) {
      steady_ = true;
      result_.window_from_s = seconds(due.at - start_);  // requests count by when they were due
    }
    if (arrivals_) result_.schedule_lag.add(std::max(0.0, 1e3 * (at - seconds(due.at - start_))));
    const auto request = work.request;
    model_.provider->ask(request, due.at,
                         [this, phase, work = std::move(work), at](Answer answer) mutable {
                           on_answer(work, phase, at, std::move(answer));
                         });
  }

  // The request that fills the last slot of a closed loop is the first that counts.
  bool warm(double at) const {
    return filled_ && sent_ >= options_.warm_up_requests && at >= options_.warm_up_s;
  }

  void on_answer(const Work& work, Phase phase, double asked_s, Answer answer) {
    --in_flight_;
    if (phase == Phase::measured) --measured_in_flight_;
    const Sample& sample = answer.sample;
    keep(work, phase, asked_s, sample);
    std::optional<Work> next;
    if (!sample.error) next = workload_.follow(work, sample.text);
    if (closed()) return;
    // What a turn's pause ends with is due then, in both kinds of loop.
    if (next) {
      if (options_.think_s > 0)
        pause(Clock::now() + to_duration(options_.think_s), std::move(next));
      else
        again({Clock::now(), std::move(next)});
    } else if (!arrivals_) {
      again({Clock::now(), std::nullopt});
    }
    if (!waiting_.empty() && in_flight_ < options_.most_in_flight) {
      Due due = std::move(waiting_.front());
      waiting_.pop_front();
      again(std::move(due));
    }
  }

  // `ask` may answer at once: without a turn of the loop between, calls would nest.
  void again(Due due) {
    ++pausing_;
    loop_.defer([this, alive = std::weak_ptr<bool>(alive_), due = std::move(due)]() mutable {
      if (alive.expired()) return;
      --pausing_;
      if (!closed()) send(std::move(due));
    });
  }

  LoadSecond& second(double at) {
    const auto index = static_cast<std::size_t>(std::max(0.0, at));
    if (index >= result_.seconds.size()) result_.seconds.resize(index + 1);
    return result_.seconds[index];
  }

  void keep(const Work& work, Phase phase, double asked_s, const Sample& sample) {
    const bool measured = phase == Phase::measured;
    const Timeline& line = sample.timeline;
    LoadRecord record{.conversation = work.conversation,
                      .turn = work.turn,
                      .error = sample.error.kind,
                      .warm_up = phase == Phase::warming,
                      .cool_down = phase == Phase::cooling};
    const auto start = line.scheduled ? line.scheduled : line.sent;
    record.scheduled_s = start ? seconds(*start - start_) : asked_s;
    record.sent_s = line.sent ? seconds(*line.sent - start_) : asked_s;
    record.end_s = line.end ? seconds(*line.end - start_) : now_s();
    record.header_ms = ms_between(line.sent, line.headers);
    record.first_event_ms = ms_between(start, line.first_event);
    record.ttfo_ms = ms_between(start, line.first_answer);
    record.server_queue_ms = or_none(sample.server.queue_ms);
    record.server_prefill_ms = or_none(sample.server.prefill_ms);
    record.server_decode_ms = or_none(sample.server.decode_ms);
    record.ttft_ms = or_none(sample.timing.ttft_ms);
    record.service_ttft_ms = ms_between(line.sent, line.first_token);
    record.latency_ms = or_none(sample.timing.latency_ms);
    record.tpot_ms = or_none(sample.timing.tpot_ms);
    record.itl_ms = or_none(sample.timing.itl_ms);
    record.input = or_unknown(sample.usage.input);
    record.output = or_unknown(sample.usage.output);
    record.cached = or_unknown(sample.usage.cached);
    record.reasoning = or_unknown(sample.usage.reasoning);
    record.wanted_input = static_cast<std::int32_t>(work.wanted_input);
    record.wanted_output = static_cast<std::int32_t>(work.wanted_output);
    LoadSecond& ended = second(record.end_s);
    ended.done += 1;
    ++done_;
    if (measured) ++measured_done_;
    if (sample.error) {
      ended.failed += 1;
      ++failed_;
      ++errors_[sample.error.kind];
    }
    count_tokens(line, sample, measured);
    if (measured && !sample.error) {
      if (!std::isnan(record.ttft_ms)) ttft_.add(double{record.ttft_ms});
      if (!std::isnan(record.tpot_ms)) tpot_.add(double{record.tpot_ms});
    }
    result_.records.push_back(record);
  }

  // Tokens of an event: as the server told, else an even share of what it counted in the end.
  void count_tokens(const Timeline& line, const Sample& sample, bool measured) {
    const auto events = static_cast<std::int64_t>(line.events.size());
    const std::int64_t total = sample.usage.output.value_or(events);
    std::int64_t told = 0, silent = 0;
    for (const EventStamp& event : line.events) {
      told += event.tokens;
      if (event.tokens == 0) ++silent;
    }
    const std::int64_t rest = std::max<std::int64_t>(0, total - told);
    std::int64_t seen = 0;
    const EventStamp* before = nullptr;
    if (options_.keep_gaps) result_.gaps_ms.emplace_back();
    for (const EventStamp& event : line.events) {
      std::int64_t tokens = event.tokens;
      if (tokens == 0) {
        tokens = rest * (seen + 1) / silent - rest * seen / silent;
        ++seen;
      }
      second(seconds(event.at - start_)).output_tokens += tokens;
      if (before != nullptr && options_.keep_gaps)
        result_.gaps_ms.back().push_back(ms_between(before->at, event.at));
      if (before != nullptr && measured) {
        const double gap = 1e3 * seconds(event.at - before->at);
        result_.event_gaps.add(gap);
        if (tokens > 0) result_.token_gaps.add(gap / static_cast<double>(tokens), tokens);
      }
      before = &event;
    }
  }

  void plan_tick() {
    tick_ = loop_.after(to_duration(options_.tick_s), [this] {
      const double at = now_s();
      LoadSecond& present = second(at);
      present.in_flight = in_flight_;
      if (options_.on_tick) {
        const std::size_t whole = result_.seconds.size() > 1 ? result_.seconds.size() - 2 : 0;
        options_.on_tick({.at_s = at,
                          .warming = !warm_at_,
                          .cooling = cooling_from_.has_value(),
                          .sent = sent_,
                          .done = done_,
                          .failed = failed_,
                          .in_flight = in_flight_,
                          .waiting = static_cast<std::int64_t>(waiting_.size()),
                          .measured_done = measured_done_,
                          .measured_s = warm_at_ ? at - *warm_at_ : 0,
                          .wanted = options_.requests,
                          .wanted_s = options_.duration_s,
                          .last = &result_.seconds[whole],
                          .errors = &errors_,
                          .ttft = &ttft_,
                          .tpot = &tpot_});
      }
      closed();
      plan_tick();
    });
  }

  void finish() {
    double last = 0;
    for (const LoadRecord& record : result_.records) last = std::max(last, record.end_s);
    result_.wall_s = last;
    result_.never_sent = static_cast<std::int64_t>(waiting_.size());
    if (!steady_) result_.window_from_s = result_.window_to_s = 0;
    LoopLag lag = loop_.lag();
    for (std::size_t i = 0; i < lag.buckets.size(); ++i) lag.buckets[i] -= lag_before_.buckets[i];
    lag.count -= lag_before_.count;
    result_.loop_lag_p99_ms = 1e3 * seconds(lag.quantile(0.99));
    result_.loop_lag_max_ms = 1e3 * seconds(lag.longest);
    const double wall = now_s();
    if (wall > 0) result_.client_cpu_share = (thread_cpu_s() - cpu_before_) / wall;
  }

  Model& model_;
  Workload& workload_;
  EventLoop& loop_;
  const LoadOptions& options_;
  const Clock::time_point start_;
  const LoopLag lag_before_;
  const double cpu_before_;
  std::optional<Arrivals> arrivals_;
  LoadResult result_;
  std::deque<Due> waiting_;  // due, behind the cap
  std::optional<EventLoop::Timer> timer_;
  EventLoop::Timer tick_{};
  TimeHistogram ttft_, tpot_;
  std::optional<double> warm_at_, cooling_from_;
  bool filled_ = false, steady_ = false, closed_ = false, exhausted_ = false;
  std::map<ErrorClass, std::int64_t> errors_;
  std::int64_t sent_ = 0, measured_sent_ = 0, measured_in_flight_ = 0, measured_done_ = 0;
  std::int64_t done_ = 0, failed_ = 0, in_flight_ = 0;
  std::int64_t pausing_ = 0;  // pauses and deferred sends
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

LoadResult run_load(Model& model, Workload& workload, EventLoop& loop, const LoadOptions& options) {
  return Driver(model, workload, loop, options).run();
}

}  // namespace llmops
