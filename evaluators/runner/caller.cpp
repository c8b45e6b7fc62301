#include "evaluators/runner/caller.h"

#include <algorithm>

#include "evaluators/runner/retry.h"

namespace llmops {
namespace {

using std::chrono::nanoseconds;

constexpr double kCharactersPerToken = 4;  // English prose; corrected by the server's own count
constexpr double kOutputGuess = 256;       // before the first answer, where no `max_tokens` is set

std::optional<double> asked_length(const Object& parameters) {
  for (const std::string_view key : {"max_completion_tokens", "max_tokens"})
    if (const Value* given = parameters.find(key); given != nullptr && given->is_number())
      return given->number();
  return std::nullopt;
}

}  // namespace

struct Caller::Call {
  std::shared_ptr<const Request> request;
  Done done;
  int attempts = 0;
  double tokens_taken = 0;
  double cost_usd = 0;  // of attempts that failed and were counted all the same
  bool has_cost = false;
  bool active = false;
  std::size_t index = 0;  // in outstanding_
  std::optional<EventLoop::Timer> backoff;
  Sample last;  // of the last failed attempt
};

Caller::Caller(Model& model, EventLoop& loop, std::uint64_t seed)
    : model_(model),
      loop_(loop),
      random_(seed, 0xCA11),
      requests_(model.spec.limits.requests_per_minute),
      tokens_(model.spec.limits.tokens_per_minute) {}

Caller::~Caller() {
  *alive_ = false;
  if (wake_) loop_.cancel(*wake_);
  for (Call* call : outstanding_) {
    if (call->backoff) loop_.cancel(*call->backoff);
    delete call;
  }
  model_.provider->cancel_all();
}

bool Caller::has_room() const {
  const auto limit = static_cast<std::size_t>(model_.spec.limits.concurrency);
  // Calls that back off leave their place to others, but not without end.
  return active_ + ready_.size() < limit && outstanding_.size() < 4 * limit + 16;
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
  auto* call = new Call{.request = std::move(request), .done = std::move(done)};
  call->index = outstanding_.size();
  outstanding_.push_back(call);
  ready_.push_back(call);
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

void Caller::pump() {
  if (pumping_) {
    pump_again_ = true;
    return;
  }
  pumping_ = true;
  do {
    pump_again_ = false;
    while (!ready_.empty() && active_ < static_cast<std::size_t>(model_.spec.limits.concurrency)) {
      const bool limited =
          model_.spec.limits.requests_per_minute > 0 || model_.spec.limits.tokens_per_minute > 0;
      Call& call = *ready_.front();
      if (limited || paused_until_ != Clock::time_point{}) {
        const Clock::time_point now = Clock::now();
        const CallEstimate guess = limited ? estimate(*call.request) : CallEstimate();
        const double tokens = guess.input_tokens + guess.output_tokens;
        const nanoseconds wait = std::max<nanoseconds>(
            {requests_.wait(1, now), tokens_.wait(tokens, now), paused_until_ - now});
        if (wait.count() > 0) {
          wake_at(now + wait);
          break;
        }
        requests_.take(1, now);
        tokens_.take(tokens, now);
        call.tokens_taken = tokens;
      }
      ready_.pop_front();
      send(call);
    }
  } while (pump_again_);
  pumping_ = false;
}

void Caller::send(Call& call) {
  ++active_;
  ++counts_.made;
  if (++call.attempts > 1) ++counts_.retried;
  call.active = true;
  model_.provider->ask(call.request, Clock::now(), [this, &call, alive = alive_](Answer answer) {
    if (*alive) on_answer(call, std::move(answer));
  });
}

void Caller::on_answer(Call& call, Answer answer) {
  call.active = false;
  --active_;
  Sample& sample = answer.sample;
  const Usage& usage = sample.usage;
  if (!sample.cost_usd && model_.spec.price) sample.cost_usd = cost_of(*model_.spec.price, usage);
  if (sample.cost_usd) {
    call.cost_usd += *sample.cost_usd;
    call.has_cost = true;
  }
  if (usage.output) {
    ++outputs_seen_;
    mean_output_tokens_ += (static_cast<double>(*usage.output) - mean_output_tokens_) /
                           static_cast<double>(std::min<std::int64_t>(outputs_seen_, 100));
    tokens_.correct(static_cast<double>(usage.input.value_or(0) + *usage.output) -
                    call.tokens_taken);
  }
  const ErrorClass fault = sample.error.kind;
  const FaultPolicy policy = policy_of(fault);
  if (fault != ErrorClass::none) ++counts_.faults[static_cast<std::size_t>(fault)];
  if (policy.ends_run && !fatal_) fatal_ = sample.error;
  if (answer.retry_after && (fault == ErrorClass::rate_limited || fault == ErrorClass::overloaded))
    paused_until_ = std::max(
        paused_until_,
        Clock::now() + std::min<nanoseconds>(*answer.retry_after, std::chrono::minutes(10)));

  if (!policy.retry || stopping_ || fatal_ || call.attempts > model_.spec.retries.max) {
    finish(call, std::move(sample));
    return pump();
  }
  call.last = std::move(sample);
  ++backing_off_;
  call.backoff = loop_.after(
      backoff(model_.spec.retries, call.attempts, answer.retry_after, random_), [this, &call] {
        call.backoff.reset();
        --backing_off_;
        ready_.push_front(&call);
        pump();
      });
  pump();
}

void Caller::finish(Call& call, Sample sample) {
  outstanding_[call.index] = outstanding_.back();
  outstanding_[call.index]->index = call.index;
  outstanding_.pop_back();
  const std::unique_ptr<Call> owned(&call);
  sample.attempts = std::max(1, call.attempts);
  if (call.has_cost) sample.cost_usd = call.cost_usd;
  const Done done = std::move(call.done);
  done(std::move(sample));
}

void Caller::stop_retrying() {
  stopping_ = true;
  ready_.clear();
  std::vector<Call*> waiting;
  for (Call* call : outstanding_)
    if (!call->active) waiting.push_back(call);
  for (Call* call : waiting) {
    if (call->backoff) {
      loop_.cancel(*call->backoff);
      --backing_off_;
    }
    Sample sample = std::move(call->last);
    if (!sample.error) {
      sample.case_id = call->request->row ? call->request->row->id : "";
      sample.number = call->request->sample;
      sample.error = {ErrorClass::cancelled, "the call was never sent"};
    }
    finish(*call, std::move(sample));
  }
}

void Caller::cancel_all() {
  stop_retrying();
  model_.provider->cancel_all();
}

}  // namespace llmops
