#include "evaluators/runner/caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace llmops {
namespace {

using std::chrono::nanoseconds;

constexpr double kCharactersPerToken = 4;  // English prose; corrected by the server's own count
constexpr double kOutputGuess = 256;       // before the first answer, where no `max_tokens` is set
constexpr std::size_t kLatenciesKept = 256;
constexpr std::size_t kLatenciesNeeded = 20;  // before a 95th percentile means anything
constexpr nanoseconds kLongestPause = std::chrono::minutes(10);

std::optional<double> asked_length(const Object& parameters) {
  for (const std::string_view key : {"max_completion_tokens", "max_tokens"})
    if (const Value* given = parameters.find(key); given != nullptr && given->is_number())
      return given->number();
  return std::nullopt;
}

ConcurrencyBounds bounds_of(const Limits& limits) {
  const int start = limits.concurrency_start > 0
                        ? std::min(limits.concurrency_start, limits.concurrency)
                        : limits.concurrency;
  return {.start = start, .low = 1, .high = limits.concurrency};
}

}  // namespace

Caller::Caller(Model& model, EventLoop& loop, std::uint64_t seed)
    : model_(model),
      loop_(loop),
      random_(seed, 0xCA11),
      account_(account_of(model.spec)),
      limit_(bounds_of(model.spec.limits)),
      breaker_(model.spec.retries) {
  for (const std::unique_ptr<Model>& next : model.fallback)
    fallback_.push_back(std::make_unique<Caller>(*next, loop, seed + 1));
}

Caller::~Caller() {
  *alive_ = false;
  if (wake_) loop_.cancel(*wake_);
  for (const auto& entry : calls_)
    if (entry.second.timer) loop_.cancel(*entry.second.timer);
  model_.provider->cancel_all();
}

CallerCounts Caller::counts() const {
  CallerCounts sum = counts_;
  for (const std::unique_ptr<Caller>& next : fallback_) {
    const CallerCounts more = next->counts();
    sum.made += more.made;
    sum.retried += more.made;
    sum.hedged += more.hedged;
    for (std::size_t i = 0; i < std::size(sum.faults); ++i) sum.faults[i] += more.faults[i];
  }
  return sum;
}

bool Caller::has_room() const {
  const auto limit = static_cast<std::size_t>(limit_.limit());
  if (!fallback_.empty() && breaker_.state() == CircuitBreaker::State::down)
    return calls_.size() < limit && fallback_.front()->has_room();
  // Calls that back off leave their place to others, but not without end.
  return active_ + ready_.size() < limit && calls_.size() < 4 * limit + 16;
}

CallEstimate Caller::estimate(const Request& request) const {
  double characters = 0;
  for (const Message& message : request.messages)
    for (const Part& part : message.parts) characters += static_cast<double>(part.content.size());
  double output = outputs_seen_ > 0 ? mean_output_tokens_ : kOutputGuess;
  std::optional<double> most = asked_length(model_.spec.parameters);
  if (!most && request.prompt) most = asked_length(request.prompt->parameters);
  if (most) output = outputs_seen_ > 0 ? std::min(output, *most) : *most;
  return {characters / kCharactersPerToken, output};
}

void Caller::ask(std::shared_ptr<const Request> request, Done done) {
  ask_several(std::move(request), 1,
              [done = std::move(done)](Sample sample, const std::vector<Sample>&) {
                done(std::move(sample));
              });
}

void Caller::ask_several(std::shared_ptr<const Request> request, int count, DoneAll done) {
  const std::uint64_t id = next_id_++;
  Call& call = calls_[id];
  call.request = std::move(request);
  call.done = std::move(done);
  call.count = count;
  if (stopping_ || fatal_) {
    Sample sample;
    sample.case_id = call.request->row ? call.request->row->id : "";
    sample.number = call.request->sample;
    sample.error = fatal_ ? fatal_ : CallError{ErrorClass::cancelled, "the call was never sent"};
    return fall_back(id, call, std::move(sample));
  }
  ready_.push_back(id);
  pump();
}

void Caller::wake_at(Clock::time_point when) {
  if (wake_ && wake_->first <= when) return;
  if (wake_) loop_.cancel(*wake_);
  wake_ = loop_.at(when, [this] {
    wake_.reset();
    pump();
  });
}

// How long until the call may be sent; `tokens`: what it will probably use.
nanoseconds Caller::wait_for(const Call& call, double& tokens) const {
  const Clock::time_point now = Clock::now();
  if (account_->limited()) {
    const CallEstimate guess = estimate(*call.request);
    tokens = guess.input_tokens + guess.output_tokens * call.count;
  }
  const nanoseconds wait = std::max(account_->wait(tokens, now), breaker_.wait(now));
  return std::max(wait, nanoseconds(0));
}

void Caller::pump() {
  if (pumping_) {
    pump_again_ = true;
    return;
  }
  pumping_ = true;
  do {
    pump_again_ = false;
    while (!ready_.empty() && active_ < static_cast<std::size_t>(limit_.limit())) {
      const std::uint64_t id = ready_.front();
      Call& call = calls_.at(id);
      double tokens = 0;
      const nanoseconds wait = wait_for(call, tokens);
      if (wait == nanoseconds::max()) break;  // until the probe has an answer
      const Clock::time_point now = Clock::now();
      if (wait.count() > 0) {
        wake_at(now + wait);
        break;
      }
      if (tokens > 0) {
        account_->take(tokens, now);
        call.tokens_taken = tokens;
      }
      ready_.pop_front();
      send(id, call, false);
    }
  } while (pump_again_);
  pumping_ = false;
}

void Caller::send(std::uint64_t id, Call& call, bool hedge) {
  ++active_;
  ++counts_.made;
  if (hedge)
    ++counts_.hedged;
  else if (++call.attempts > 1)
    ++counts_.retried;
  const int slot = call.under_way++;
  limit_.on_sent(static_cast<int>(active_));
  breaker_.on_sent(id);
  const Clock::time_point now = Clock::now();
  if (!hedge) call.sent_at = now;
  if (!hedge) plan_hedge(id, call);
  const std::shared_ptr<const Request> request = call.request;  // the call may end within `ask`
  const int count = std::min(call.count, model_.spec.samples_per_call);
  const std::uint64_t attempt =
      model_.provider->ask_several(request, count, now, [this, id, alive = alive_](Answer answer) {
        if (*alive) on_answer(id, std::move(answer));
      });
  if (const auto still = calls_.find(id); still != calls_.end())
    still->second.attempt_id[slot] = attempt;
}

void Caller::plan_hedge(std::uint64_t id, Call& call) {
  if (!model_.spec.hedge) return;
  nanoseconds after = model_.spec.hedge->after;
  if (after.count() == 0) {
    if (latencies_ms_.size() < kLatenciesNeeded) return;
    std::vector<double> sorted = latencies_ms_;
    const auto place =
        sorted.begin() + static_cast<std::ptrdiff_t>(0.95 * static_cast<double>(sorted.size()));
    std::nth_element(sorted.begin(), place, sorted.end());
    after = nanoseconds(static_cast<std::int64_t>(*place * 1e6));
  }
  call.timer = loop_.after(after, [this, id] {
    Call& late = calls_.at(id);
    late.timer.reset();
    if (stopping_) return;
    const double allowed = model_.spec.hedge->most * static_cast<double>(counts_.made);
    if (static_cast<double>(counts_.hedged + 1) > std::max(1.0, allowed))
      return plan_hedge(id, late);  // others were late, too: perhaps there is room next time
    double tokens = 0;
    if (wait_for(late, tokens).count() > 0) return plan_hedge(id, late);  // rates hold for it, too
    if (tokens > 0) account_->take(tokens, Clock::now());
    send(id, late, true);
  });
}

// Money and tokens of an attempt.
void Caller::count(Call& call, const Answer& answer) {
  if (answer.sample.cost_usd) {
    call.cost_usd += *answer.sample.cost_usd;
    call.has_cost = true;
  }
  const auto learn = [&](const Usage& usage) {
    if (!usage.output) return;
    ++outputs_seen_;
    mean_output_tokens_ += (static_cast<double>(*usage.output) - mean_output_tokens_) /
                           static_cast<double>(std::min<std::int64_t>(outputs_seen_, 100));
  };
  learn(answer.sample.usage);
  for (const Sample& each : answer.more) learn(each.usage);
  settle_tokens(call, answer);
}

// What was taken from the rate of tokens is put right once the server has said what it was: all of
// it comes back where the server refused, or was never reached.
void Caller::settle_tokens(Call& call, const Answer& answer) {
  const double taken = std::exchange(call.tokens_taken, 0);
  if (taken == 0) return;
  double used = 0;
  bool told = false;
  const auto add = [&](const Usage& usage) {
    told = told || usage.output.has_value();
    used += static_cast<double>(usage.input.value_or(0) + usage.output.value_or(0));
  };
  add(answer.sample.usage);
  for (const Sample& each : answer.more) add(each.usage);
  if (told || policy_of(answer.sample.error.kind).unused) account_->correct(used - taken);
}

void Caller::on_answer(std::uint64_t id, Answer answer) {
  --active_;
  const auto found = calls_.find(id);
  if (found == calls_.end()) return pump();  // the loser of a hedged pair
  Call& call = found->second;
  Sample& sample = answer.sample;
  if (const auto& price = model_.spec.price) {
    if (!sample.cost_usd) sample.cost_usd = cost_of(*price, sample.usage);
    for (Sample& each : answer.more) each.cost_usd = cost_of(*price, each.usage);
  }
  count(call, answer);

  const Clock::time_point now = Clock::now();
  const ErrorClass fault = sample.error.kind;
  const FaultPolicy policy = policy_of(fault);
  if (fault != ErrorClass::none) {
    ++counts_.faults[static_cast<std::size_t>(fault)];
    call.faults.push_back(fault);
  }
  if (fault == ErrorClass::rate_limited) limit_.on_too_many(now, answer.retry_after);
  if (policy.server) {
    limit_.on_fault();
    breaker_.on_fault(id, now);
  } else if (fault == ErrorClass::cancelled) {
    breaker_.on_no_verdict(id);
  } else {
    breaker_.on_success();  // the server is there: it answered something
  }
  if (answer.retry_after && (fault == ErrorClass::rate_limited || fault == ErrorClass::overloaded))
    account_->pause_until(now + std::min(*answer.retry_after, kLongestPause));

  if (fault == ErrorClass::none) {
    ++answered_;
    if (call.attempts == 1) limit_.on_success(now);
    if (model_.spec.hedge) {
      if (latencies_ms_.size() >= kLatenciesKept) latencies_ms_.erase(latencies_ms_.begin());
      latencies_ms_.push_back(
          std::chrono::duration<double, std::milli>(now - call.sent_at).count());
    }
    if (call.under_way == 2)
      for (const std::uint64_t attempt : call.attempt_id) model_.provider->cancel(attempt);
    finish(id, std::move(sample), std::move(answer.more));
    return pump();
  }

  --call.under_way;
  if (policy.ends_run || (policy.ends_first_run && answered_ == 0)) end_all(sample.error);
  if (breaker_.state() == CircuitBreaker::State::down && !fatal_)
    end_all({fault, fmt::format("the endpoint is down, the last attempt ended with: {}",
                                sample.error.message)});
  if (call.under_way > 0) return pump();  // the other of a hedged pair may still answer
  if (call.timer) loop_.cancel(*call.timer);
  call.timer.reset();
  if (!policy.retry || stopping_ || fatal_ || call.attempts > model_.spec.retries.max) {
    fall_back(id, call, std::move(sample));
    return pump();
  }
  call.last = std::move(sample);
  call.timer = loop_.after(backoff(model_.spec.retries, call.attempts, answer.retry_after, random_),
                           [this, id] {
                             calls_.at(id).timer.reset();
                             ready_.push_front(id);
                             pump();
                           });
  pump();
}

// Hands the call to the next model of the chain, or ends it.
void Caller::fall_back(std::uint64_t id, Call& call, Sample sample) {
  if (fallback_.empty() || stopping_ || !policy_of(sample.error.kind).falls_back)
    return finish(id, std::move(sample));
  ++counts_.fallbacks;
  call.falling_back = true;
  call.last = std::move(sample);
  // Every model of the chain in turn.
  struct Chain {
    Caller* self;
    std::uint64_t id;
    std::shared_ptr<const Request> request;
    int count = 1;
    std::size_t next = 0;
    std::shared_ptr<bool> alive;
    static void step(const std::shared_ptr<Chain>& chain) {
      const std::size_t place = chain->next++;
      const auto done = [chain, place](Sample answer, std::vector<Sample> more) {
        if (!*chain->alive) return;
        Caller& caller = *chain->self;
        const auto found = caller.calls_.find(chain->id);
        if (found == caller.calls_.end()) return;
        Call& waiting = found->second;
        waiting.attempts += answer.attempts;
        waiting.faults.insert(waiting.faults.end(), answer.faults.begin(), answer.faults.end());
        if (answer.cost_usd) {
          waiting.cost_usd += *answer.cost_usd;
          waiting.has_cost = true;
        }
        answer.fallback = static_cast<int>(place) + 1;
        for (Sample& each : more) each.fallback = answer.fallback;
        if (answer.error && chain->next < caller.fallback_.size() &&
            policy_of(answer.error.kind).falls_back)
          return step(chain);
        caller.finish(chain->id, std::move(answer), std::move(more));
      };
      chain->self->fallback_[place]->ask_several(chain->request, chain->count, done);
    }
  };
  const auto chain = std::make_shared<Chain>(Chain{this, id, call.request, call.count, 0, alive_});
  Chain::step(chain);
}

void Caller::finish(std::uint64_t id, Sample sample, std::vector<Sample> more) {
  auto node = calls_.extract(id);
  Call& call = node.mapped();
  if (call.timer) loop_.cancel(*call.timer);
  sample.attempts = std::max(1, call.attempts);
  sample.faults = std::move(call.faults);
  if (call.has_cost) sample.cost_usd = call.cost_usd;
  for (Sample& each : more) each.attempts = 0;
  call.done(std::move(sample), std::move(more));
}

// Calls of which no attempt is under way, in the order in which they came.
std::vector<std::uint64_t> Caller::idle_calls() const {
  std::vector<std::uint64_t> idle;
  for (const auto& entry : calls_)
    if (entry.second.under_way == 0 && !entry.second.falling_back) idle.push_back(entry.first);
  std::sort(idle.begin(), idle.end());
  return idle;
}

// Every further call would fail the same way: what waits ends now. Deferred, because this happens
// in the middle of an answer.
void Caller::end_all(CallError why) {
  if (fatal_) return;
  fatal_ = std::move(why);
  loop_.defer([this, alive = alive_] {
    if (!*alive) return;
    ready_.clear();
    for (const std::uint64_t id : idle_calls()) {
      const auto found = calls_.find(id);
      if (found == calls_.end()) continue;
      Call& call = found->second;
      if (call.timer) loop_.cancel(*call.timer);
      call.timer.reset();
      Sample sample = std::move(call.last);
      sample.case_id = call.request->row ? call.request->row->id : "";
      sample.number = call.request->sample;
      if (!sample.error)
        sample.error = fallback_.empty()
                           ? CallError{ErrorClass::cancelled, "the call was never sent"}
                           : fatal_;
      fall_back(id, call, std::move(sample));
    }
  });
}

void Caller::stop_retrying() {
  for (const std::unique_ptr<Caller>& next : fallback_) next->stop_retrying();
  stopping_ = true;
  ready_.clear();
  for (const std::uint64_t id : idle_calls()) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) continue;
    Call& call = found->second;
    Sample sample = std::move(call.last);
    if (!sample.error) {
      sample.case_id = call.request->row ? call.request->row->id : "";
      sample.number = call.request->sample;
      sample.error = {ErrorClass::cancelled, "the call was never sent"};
    }
    finish(id, std::move(sample));
  }
}

void Caller::cancel_all() {
  stop_retrying();
  for (const std::unique_ptr<Caller>& next : fallback_) next->cancel_all();
  model_.provider->cancel_all();
}

}  // namespace llmops
