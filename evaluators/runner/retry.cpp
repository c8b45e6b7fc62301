#include "evaluators/runner/retry.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmops {

using std::chrono::nanoseconds;

FaultPolicy policy_of(ErrorClass fault) {
  switch (fault) {
    case ErrorClass::resolve:
    case ErrorClass::connect:
    case ErrorClass::timeout_connect:
    case ErrorClass::server_error:
    case ErrorClass::overloaded:
      return {.retry = true, .server = true, .falls_back = true, .unused = true};
    case ErrorClass::timeout_first_token:
    case ErrorClass::timeout_between_tokens:
    case ErrorClass::reset:
      return {.retry = true, .server = true, .falls_back = true};
    case ErrorClass::rate_limited:
    case ErrorClass::conflict:
      return {.retry = true, .falls_back = true, .unused = true};
    case ErrorClass::truncated:
    case ErrorClass::bad_json:
    case ErrorClass::empty_choices:
    case ErrorClass::wrong_content_type:
    case ErrorClass::error_in_stream:
    case ErrorClass::program_failed:
      return {.retry = true, .falls_back = true};
    case ErrorClass::auth:
    case ErrorClass::quota:
      return {.falls_back = true, .ends_run = true, .unused = true};
    // A wrong certificate and a wrong name stay wrong.
    case ErrorClass::tls:
    case ErrorClass::not_found:
      return {.falls_back = true, .ends_first_run = true, .unused = true};
    // An answer that took the whole time, or was too long, would again; elsewhere it might not.
    case ErrorClass::timeout_total:
    case ErrorClass::too_large:
    case ErrorClass::other:
      return {.falls_back = true};
    case ErrorClass::too_long:
      return {.falls_back = true, .unused = true};
    case ErrorClass::bad_request:
      return {.unused = true};
    case ErrorClass::content_filter:
    case ErrorClass::no_recording:
    case ErrorClass::cancelled:
    case ErrorClass::budget:
    case ErrorClass::none:
      break;
  }
  return {};
}

std::string cure_of(const CallError& fault, const std::string& key_variable) {
  if (fault.kind == ErrorClass::quota)
    return fmt::format("the account has no quota left ({}): raise it, then --resume",
                       fault.message);
  if (fault.kind == ErrorClass::not_found)
    return fmt::format("nothing answers there ({}): check `base_url` and `name`", fault.message);
  if (fault.kind == ErrorClass::tls)
    return fmt::format("no secure connection ({}): check `base_url` and the certificates",
                       fault.message);
  if (fault.kind != ErrorClass::auth) return fault.message;
  if (key_variable.empty())
    return fmt::format(
        "the server wants a key ({}): name the variable that holds it with `api_key_env`",
        fault.message);
  return fmt::format("the key in {} was refused ({}): set a valid one, then --resume", key_variable,
                     fault.message);
}

nanoseconds backoff(const RetryPolicy& policy, int attempt, std::optional<nanoseconds> retry_after,
                    Random& random) {
  constexpr nanoseconds kLongestAsked = std::chrono::minutes(10);
  double ceiling = static_cast<double>(policy.base.count());
  for (int i = 1; i < attempt && ceiling < static_cast<double>(policy.cap.count()); ++i)
    ceiling *= 2;
  ceiling = std::min(ceiling, static_cast<double>(policy.cap.count()));
  const nanoseconds wait(static_cast<std::int64_t>(ceiling * random.uniform()));
  // Those who were told the same time must not all come at it: the jitter is added on top.
  if (retry_after)
    return std::min(*retry_after, kLongestAsked) + std::min(wait, nanoseconds(policy.base));
  return wait;
}

}  // namespace llmops
