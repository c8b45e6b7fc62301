#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"
#include "evaluators/timeline.h"

namespace llmops {

// Tokens as the server counted them; absent where it did not say.
struct Usage {
  std::optional<std::int64_t> input;      // cached ones included
  std::optional<std::int64_t> output;     // reasoning included
  std::optional<std::int64_t> cached;     // of the input
  std::optional<std::int64_t> reasoning;  // of the output
};

// Why a call failed. The class decides whether a retry can help (evaluators/runner/retry.h).
enum class ErrorClass {
  none,
  resolve,
  connect,
  tls,
  timeout_connect,
  timeout_first_token,
  timeout_between_tokens,
  timeout_total,
  reset,
  truncated,
  bad_json,
  empty_choices,
  wrong_content_type,
  too_large,
  bad_request,
  auth,
  not_found,
  too_long,
  content_filter,
  quota,
  rate_limited,
  conflict,
  server_error,
  overloaded,
  error_in_stream,
  no_recording,
  program_failed,
  cancelled,
  budget,
  other,
};

std::string_view name(ErrorClass error);  // "timeout_total"
std::optional<ErrorClass> error_class(std::string_view name);

// The passages that an application says it used: a text, or a list of texts or of mappings with
// `text`, `content` or `page_content`; other mappings count as their JSON.
std::vector<std::string> passages_of(const Value& given);

struct CallError {
  ErrorClass kind = ErrorClass::none;
  std::string message;  // one sentence; model and server text in it is untrusted
  explicit operator bool() const { return kind != ErrorClass::none; }
};

// One model output for a case, or why there is none.
struct Sample {
  std::string case_id;
  int number = 0;
  std::string text;
  std::string reasoning;  // thinking text, apart from the answer
  Value tool_calls;       // list of {id, name, arguments}; null: none
  Value steps;            // what an agent says it did, in order: a list; null: it does not say
  std::vector<std::string> context;  // passages that an application says it used; none: the case's
  Value logprobs;                    // as the provider gave them; null: none
  std::string finish_reason;
  std::string model;  // that answered, as the server names it
  Usage usage;
  Timeline timeline;  // the stamps behind `timing`; empty for recorded and cached samples
  Timing timing;
  ServerTiming server;
  std::optional<double> cost_usd;  // of a cached one: what it cost when it was asked
  int attempts = 1;
  std::vector<ErrorClass> faults;  // attempts that failed, in their order; the last one's too
  int fallback = 0;                // which model of the chain answered; 0: the one that was asked
  bool cached = false;  // from the response cache: no times, no attempt, and nothing was spent
  CallError error;      // a failed call is no answer and has no score
};

}  // namespace llmops
