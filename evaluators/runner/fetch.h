#pragma once
// An HTTP exchange as a whole, asked until it is answered: what is no model call (files, batches,
// traces).

#include <chrono>
#include <functional>
#include <string>

#include "datasets/random.h"
#include "evaluators/providers/provider.h"
#include "evaluators/transport/http_client.h"

namespace llmops {

struct Fetched {
  int status = 0;  // 0: there was no answer
  std::string body;
  CallError error;  // none: a status in 2xx, the body is whole
};

struct FetchOptions {
  RetryPolicy retries;
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);  // of one attempt
  // Asked every 50 ms: true ends it with ErrorClass::cancelled.
  std::function<bool()> stop;
  std::string secret;  // the key: taken out of error messages
  // Of requests that must not be made twice: only faults are retried before which the server cannot
  // have done anything (no connection, 429, 503, 529).
  bool once = false;
};

// Turns the loop until the answer is there. Retries what a retry can mend, with full jitter.
Fetched fetch(EventLoop& loop, const HttpRequest& request, const FetchOptions& options,
              Random& random);

}  // namespace llmops
