#include "evaluators/runner/fetch.h"

#include <optional>

#include "evaluators/providers/http_faults.h"
#include "evaluators/providers/redact.h"
#include "evaluators/runner/retry.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

constexpr std::chrono::nanoseconds kLook = std::chrono::milliseconds(50);

struct Attempt {
  Fetched fetched;
  std::optional<std::chrono::nanoseconds> retry_after;
  bool done = false;
};

class Collect final : public HttpHandler {
 public:
  explicit Collect(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}

  void on_data(HttpCall&, std::string_view bytes, Clock::time_point) override {
    attempt_->fetched.body += bytes;
  }
  void on_end(HttpCall& call, const CallError& error) override {
    Fetched& fetched = attempt_->fetched;
    fetched.status = call.head().status;
    fetched.error = error;
    if (!error && (fetched.status < 200 || fetched.status >= 300)) {
      fetched.error = http_fault(call.head(), fetched.body);
      attempt_->retry_after =
          retry_after(call.head(), fetched.body, std::chrono::system_clock::now());
    }
    attempt_->done = true;
  }

 private:
  std::shared_ptr<Attempt> attempt_;
};

bool may_retry(ErrorClass fault, bool once) {
  if (!once) return policy_of(fault).retry;
  return fault == ErrorClass::resolve || fault == ErrorClass::connect ||
         fault == ErrorClass::timeout_connect || fault == ErrorClass::rate_limited ||
         fault == ErrorClass::overloaded;
}

}  // namespace

Fetched fetch(EventLoop& loop, const HttpRequest& request, const FetchOptions& options,
              Random& random) {
  const auto stopped = [&] { return options.stop && options.stop(); };
  for (int attempts = 1;; ++attempts) {
    const auto attempt = std::make_shared<Attempt>();
    HttpCall& call = loop.http().start(request, std::make_unique<Collect>(attempt));
    call.deadline(Clock::now() + options.timeout, ErrorClass::timeout_total,
                  "the server did not answer in time");
    bool ended = false;
    while (!attempt->done) {
      if (!ended && stopped()) {
        ended = true;
        call.end({ErrorClass::cancelled, "interrupted"});
      }
      loop.turn(kLook);
    }
    Fetched& fetched = attempt->fetched;
    redact(fetched.error.message, options.secret);
    // A file or a list that did not come in time may come the next time; no model answers here.
    const bool late = fetched.error.kind == ErrorClass::timeout_total && !options.once;
    if (!fetched.error || attempts > options.retries.max ||
        (!late && !may_retry(fetched.error.kind, options.once)))
      return std::move(fetched);
    const Clock::time_point next =
        Clock::now() + backoff(options.retries, attempts, attempt->retry_after, random);
    while (Clock::now() < next) {
      if (stopped()) return std::move(fetched);
      loop.turn(std::min<std::chrono::nanoseconds>(kLook, next - Clock::now()));
    }
  }
}

}  // namespace llmops
