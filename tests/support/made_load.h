#pragma once
// A load as it would have been measured on a server of known speed.

#include <cstdint>

#include "evaluators/load/driver.h"

namespace llmops::test {

struct MadeServer {
  double queue_ms = 10, fixed_ms = 20;
  double prefill_ms = 0.1;  // an uncached token
  double decode_ms = 5;     // a token
  double more_input = 1, more_output = 1;
  double cached_share = 0;  // of the input tokens
  double client_ms = 0;     // between due and sent
  double sm_mhz = 0;        // 0: not told; above: prefill and decode are of a card at 1,500 MHz
  double sm_mhz_free = 0;   // while nothing throttles; 0: not told
  double throttled = -1;    // share of the samples; below 0: not told
  double foreign = -1;      // share of the card that others take, which makes tokens wait; likewise
  bool tells_queue = false, tells_prefill = false;
  double noise = 0;        // relative, of every request
  double tail = 0;         // share of requests that take four times as long
  double drift = 0;        // relative standard deviation of the whole load
  std::uint64_t seed = 1;  // of noise and drift
};

// `requests` of 100 to 900 input and 20 to 100 output tokens, the same for every server, ten a
// second.
LoadResult made_load(const MadeServer& server, int requests);

}  // namespace llmops::test
